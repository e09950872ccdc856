import type { MemoryStorage } from '../../../src/engine/io/memory.ts'
import type { DiskCall, DiskImage, FileCall } from './recorded-system.ts'

type Write = Extract<FileCall, { kind: 'write' }>

/** Where the calls are that bring something to stable storage. */
export function flushesOf(calls: readonly DiskCall[]): number[] {
  return calls.flatMap((call, i) => (call.kind === 'flush' || call.kind === 'flush-names' ? [i] : []))
}

/** As if a program had forgotten one flush. */
export function withoutCall(calls: DiskCall[], index: number): DiskCall[] {
  return calls.with(index, { kind: 'nothing' })
}

/** As if a program wrote the two the other way round. */
export function swapped(calls: DiskCall[], [one, other]: [number, number]): DiskCall[] {
  return calls.with(one, calls[other]!).with(other, calls[one]!)
}

/**
 * Pairs of a write to a refcount block and the write to an L2 table that follows it, with a flush between: of the one image that there is, which
 * must have counts of 16 bits.
 */
export function countsBeforeEntries(calls: readonly DiskCall[], start: DiskImage): [number, number][] {
  const [file, before] = [...start.contents][0]!
  const image = before.clone()
  for (const call of calls) if (call.kind === 'write' && call.file === file) image.writeAt(call.at, call.bytes)
  const clusterSize = 2 ** number(image, 20, 4)
  const inTables = (root: number, entries: number): ((call: DiskCall | undefined) => call is Write) => {
    const tables = new Set(Array.from({ length: entries }, (_, i) => number(image, root + i * 8, 8)).filter((at) => at > 0))
    return (call): call is Write => call?.kind === 'write' && tables.has(Math.floor(call.at / clusterSize) * clusterSize)
  }
  const isEntry = inTables(number(image, 40, 8), number(image, 36, 4))
  const isCount = inTables(number(image, 48, 8), (number(image, 56, 4) * clusterSize) / 8)
  return calls.flatMap((call, i): [number, number][] => {
    if (!isCount(call)) return []
    const entry = calls.findIndex((later, j) => j > i && isEntry(later))
    return entry > 0 && calls.slice(i, entry).some(({ kind }) => kind === 'flush') ? [[i, entry]] : []
  })
}

/** A number of an image's structure, without the flags in its highest byte. */
function number(image: MemoryStorage, at: number, length: 4 | 8): number {
  const bytes = new Uint8Array(8)
  image.readAt(at, bytes.subarray(8 - length))
  return Number(new DataView(bytes.buffer).getBigUint64(0) & 0x00ff_ffff_ffff_ffffn)
}
