import { relative, resolve } from 'node:path'
import type { ChainInfo, DiskInfo } from '../shared/model.ts'
import type { Dependant, DependantsResult } from '../shared/requests.ts'
import { type Lines, printable } from './line-drawing.ts'
import { humanSize } from './sizes.ts'

/** A chain with all that is known to stand on its layers. `reals` are the layers' canonical paths, in their order. */
export interface KnownChain extends ChainInfo, Pick<DependantsResult, 'unread' | 'complete'> {
  reals: readonly string[]
  /** the images that go through one of the layers and are none themselves */
  dependants: readonly Dependant[]
}

interface Row {
  /** the lines of the drawing, and the name */
  left: string
  facts: string
}

/** Names are padded up to here, so that what is said of them stands in a column. */
const WIDEST_NAME = 60

/**
 * The chain as a tree that grows upwards: the image on top, what it stands on below it, and in front of each layer, moved in, the other images that stand on
 * it. Names are as seen from `folder` where they lie in it.
 */
export function chainText(chain: KnownChain, lines: Lines, folder: string): string {
  const name = (path: string): string => printable(nearName(path, folder))
  const { layers, broken } = chain
  const branches = branchesOf(chain)
  const depth = layers.length + (broken ? 1 : 0)
  const trunk = (at: number): string => (depth === 1 ? lines.alone : at === 0 ? lines.first : at === depth - 1 ? lines.last : lines.middle)
  const rows = layers.flatMap((layer, at): Row[] => [
    ...grown(branches, chain.reals[at] ?? '', at === 0 ? lines.gap : lines.bar, lines, name),
    { left: trunk(at) + name(layer.path), facts: layerFacts(layer) },
  ])
  if (broken) rows.push({ left: trunk(depth - 1) + name(broken.path), facts: brokenFacts(broken) })
  const width = Math.min(WIDEST_NAME, Math.max(...rows.map(({ left }) => left.length)))
  const text = rows.map(({ left, facts }) => `${left.padEnd(width)}  ${facts}\n`)
  const notes = chain.unread.map(({ path, message }) => `not read: ${name(path)}: ${printable(message)}\n`)
  if (!chain.complete) notes.push('There were more files than were looked at.\n')
  return [...text, ...(notes.length > 0 ? ['\n', ...notes] : [])].join('')
}

/** The same as data. */
export function chainObject(chain: KnownChain): Record<string, unknown> {
  const { layers, broken, dependants, unread, complete, reals } = chain
  const shown = new Set([...reals, ...dependants.map(({ path }) => path)])
  const nameOf = (real: string): string => layers[reals.indexOf(real)]?.path ?? real
  return {
    layers: layers.map((layer) => ({
      filename: layer.path,
      format: layer.format,
      'virtual-size': layer.virtualSize,
      'actual-size': layer.actualSize,
      ...(layer.backingName !== undefined && { 'backing-filename': layer.backingName }),
      ...(layer.backingFormat !== undefined && { 'backing-filename-format': layer.backingFormat }),
      ...(layer.qcow2?.dataFile !== undefined && { 'data-file': layer.qcow2.dataFile }),
      ...(layer.encrypted && { encrypted: true }),
    })),
    ...(broken && { broken: { filename: broken.path, missing: broken.code === 'NOT_FOUND', reason: broken.message } }),
    dependants: dependants.map((one) => ({
      filename: one.path,
      'stands-on': nameOf(standsOn(one, shown)),
      'virtual-size': one.virtualSize,
      ...(one.broken !== undefined && { broken: one.broken }),
    })),
    unread: unread.map(({ path, message }) => ({ filename: path, reason: message })),
    complete,
  }
}

/** The images that stand on each one directly, as far as both are known. */
function branchesOf({ dependants, reals }: KnownChain): Map<string, Dependant[]> {
  const shown = new Set([...reals, ...dependants.map(({ path }) => path)])
  return Map.groupBy(dependants, (one) => standsOn(one, shown))
}

/** The nearest image below that is shown: one between may lie where nobody looked. */
function standsOn({ chain }: Dependant, shown: ReadonlySet<string>): string {
  return chain.slice(1).find((path) => shown.has(path)) ?? chain.at(-1) ?? ''
}

/** The rows of all that stands on an image, the highest first. */
function grown(branches: Map<string, Dependant[]>, real: string, before: string, lines: Lines, name: (path: string) => string): Row[] {
  return (branches.get(real) ?? []).flatMap((one, at): Row[] => [
    ...grown(branches, one.path, before + (at === 0 ? lines.gap : lines.bar), lines, name),
    { left: before + (at === 0 ? lines.first : lines.middle) + name(one.path), facts: dependantFacts(one) },
  ])
}

function layerFacts({ format, virtualSize, actualSize, encrypted, qcow2 }: DiskInfo): string {
  const facts = [format, humanSize(virtualSize), `${humanSize(actualSize)} on disk`]
  if (encrypted) facts.push('encrypted')
  if (qcow2?.dataFile !== undefined) facts.push(`data in ${printable(qcow2.dataFile)}`)
  if (qcow2?.corrupt) facts.push('marked corrupt')
  return facts.join(', ')
}

function dependantFacts({ virtualSize, broken }: Dependant): string {
  return [humanSize(virtualSize), ...(broken === undefined ? [] : [`broken: ${printable(broken)}`])].join(', ')
}

function brokenFacts({ code, message }: NonNullable<ChainInfo['broken']>): string {
  return code === 'NOT_FOUND' ? 'missing' : `broken: ${printable(message)}`
}

function nearName(path: string, folder: string): string {
  const near = relative(resolve(folder), resolve(path))
  return near === '' || near.startsWith('..') ? path : near
}
