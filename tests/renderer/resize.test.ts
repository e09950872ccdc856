import { describe, expect, it } from 'vitest'
import type { DiskLayout, FileSystemFacts, Partition } from '../../src/shared/disk-layout.ts'
import { resizeCommand } from '../../src/renderer/src/lib/command-line.ts'
import { guestSteps } from '../../src/renderer/src/lib/guest-steps.ts'
import { cutBy } from '../../src/renderer/src/lib/resize-guard.ts'
import { sizeAtStep, sliderEnds, sliderStep } from '../../src/renderer/src/lib/size-slider.ts'

const GIB = 2 ** 30

function partition(index: number, start: number, end: number, kind?: FileSystemFacts['kind']): Partition {
  return { index, start: start * GIB, length: (end - start) * GIB, type: '', active: false, ...(kind && { fileSystem: { kind } }) }
}

function layout(table: DiskLayout['table'], partitions: Partition[], lastUsed?: number): DiskLayout {
  return {
    size: 40 * GIB,
    table,
    sectorSize: 512,
    hybrid: false,
    partitions,
    problems: [],
    ...(lastUsed !== undefined && { lastUsedByte: lastUsed * GIB }),
  }
}

function commands(of: DiskLayout, grown = true): string[] {
  return guestSteps(of, { grown }).flatMap((step) => ('commands' in step ? step.commands : [step.do]))
}

describe('what a smaller disk loses', () => {
  const two = layout('gpt', [partition(1, 0, 10), partition(2, 10, 20)], 21)

  it('tells partitions that are cut from those that are gone', () => {
    expect(cutBy(two, 21 * GIB)).toEqual({ what: 'nothing' })
    expect(cutBy(two, 20.5 * GIB)).toEqual({ what: 'end' })
    expect(cutBy(two, 15 * GIB)).toEqual({ what: 'parts', gone: [], short: [two.partitions[1]] })
    expect(cutBy(two, 5 * GIB)).toEqual({ what: 'parts', gone: [two.partitions[1]], short: [two.partitions[0]] })
  })

  it('knows nothing of a disk whose layout says nothing', () => {
    expect(cutBy(undefined, GIB)).toEqual({ what: 'unknown' })
    expect(cutBy(layout('none', []), GIB)).toEqual({ what: 'unknown' })
  })

  it('is said on the command line', () => {
    expect(resizeCommand({ path: '/a.raw', size: GIB, shrink: true }, true)).toBe('strata resize --shrink --force /a.raw 1G')
  })
})

describe('what is left to do in the guest', () => {
  it('is the table, the last partition and what is in it', () => {
    expect(commands(layout('gpt', [partition(3, 10, 20, 'xfs'), partition(1, 0, 10, 'ext4')], 21))).toEqual([
      'sudo sgdisk --move-second-header /dev/vda',
      'sudo growpart /dev/vda 3',
      'sudo xfs_growfs /',
    ])
  })

  it('grows the extended partition before the logical one in it', () => {
    const parts = [
      { ...partition(2, 10, 20), role: 'extended' as const },
      { ...partition(5, 11, 20, 'ext4'), role: 'logical' as const },
    ]
    expect(commands(layout('mbr', parts, 20))).toEqual(['sudo growpart /dev/vda 2', 'sudo growpart /dev/vda 5', 'sudo resize2fs /dev/vda5'])
  })

  it('is Disk Management in Windows, and the table alone after shrinking', () => {
    const windows = layout('gpt', [partition(1, 0, 20, 'ntfs')], 21)
    expect(commands(windows)).toEqual(['windows'])
    expect(commands(windows, false)).toEqual(['sudo sgdisk --move-second-header /dev/vda'])
  })

  it('is nothing where nothing is known', () => {
    expect(commands(layout('none', []))).toEqual([])
  })
})

describe('the size slider', () => {
  it('stands at the size that it made', () => {
    const { least, most } = sliderEnds(40 * GIB)
    for (let step = least; step <= most; step++) {
      const size = sizeAtStep(step)
      expect(size % 512).toBe(0)
      expect(Math.abs(sliderStep(size) - step)).toBeLessThanOrEqual(1)
    }
    expect(sizeAtStep(sliderStep(64 * GIB))).toBe(64 * GIB)
    expect(sizeAtStep(most)).toBeGreaterThanOrEqual(2 * 2 ** 40)
  })
})
