import type { DiskInfo } from '../../../shared/model.ts'

/** The chips of a disk page, by the key of their words. */
export type Feature =
  'corrupt' | 'dirty' | 'encrypted' | 'overlay' | 'base' | 'snapshots' | 'sparse' | 'zstd' | 'lazy' | 'extendedL2' | 'v2'
export type Tone = 'plain' | 'warn' | 'bad'

/** What is special about an image, the alarming first. `dependants` counts the known overlays on it. */
export function diskFeatures(info: DiskInfo, dependants: number): { feature: Feature; tone: Tone }[] {
  const qcow2 = info.qcow2
  const chips: [Feature, Tone, boolean | undefined][] = [
    ['corrupt', 'bad', qcow2?.corrupt],
    ['dirty', 'warn', info.dirty],
    ['encrypted', 'plain', info.encrypted],
    ['overlay', 'plain', info.backingName !== undefined],
    ['base', 'plain', dependants > 0],
    ['snapshots', 'plain', info.snapshots.length > 0],
    ['sparse', 'plain', info.actualSize < info.virtualSize * 0.95],
    ['zstd', 'plain', qcow2?.compressionType === 'zstd'],
    ['lazy', 'plain', qcow2?.lazyRefcounts],
    ['extendedL2', 'plain', qcow2?.extendedL2],
    ['v2', 'plain', qcow2?.compat === '0.10'],
  ]
  return chips.flatMap(([feature, tone, present]) => (present ? [{ feature, tone }] : []))
}
