import { viewOf } from '../../base/bytes.ts'
import { alignUp } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import { encodeHeader, type Header } from './header.ts'
import { EXTENSION, HeaderV2, HeaderV3 } from './layout.ts'

/** What a disk writes whole or not at all. */
const SECTOR = 512
/** Bytes of an extension's type and length, and of the mark that ends the extensions. */
const HEAD = 8
/** An extension of no meaning ("PAD "): it keeps the next one off bytes that must not be written yet. Readers pass over a type they do not know. */
const PADDING = 0x50414420

/** Bytes `[from, to)` of the first cluster. */
interface Range {
  from: number
  to: number
}

/**
 * Makes the first cluster say what `header` says, with everything that Strata does not know kept as it was, and returns when that is on stable
 * storage. All fields are in the first sector, and one write of that sector switches from the old meaning to the new: what lies behind it,
 * extensions and the backing file's name, is laid before into room that nobody looks at. Where the new would lie over the old, a header of the
 * same meaning with its extensions further behind stands between the two. Only where the cluster is too small for that, with clusters of
 * 1 or 2 KiB and very long names, may a power cut tear a name. Throws `INVALID_ARGUMENT` when it does not fit at all.
 */
export function rewriteHeader(storage: Storage, header: Header): void {
  header.extensions = header.extensions.filter(({ type }) => type !== PADDING)
  const before = new Uint8Array(2 ** header.clusterBits)
  readPadded(storage, 0, before)
  const after = encodeHeader(header, storage.path)
  const between = isSafe(before, after) ? undefined : detour(before, after, header, storage.path)
  if (between) publish(storage, between)
  publish(storage, after)
  if (after.length > SECTOR) storage.writeAt(SECTOR, after.subarray(SECTOR)) // nobody looks any more at what lies behind the new meaning
  storage.flush()
}

/** The same meaning, laid behind all that the first cluster holds before and after; undefined where there is no room for that. */
function detour(before: Uint8Array, after: Uint8Array, header: Header, path: string): Uint8Array | undefined {
  const end = Math.max(...usedIn(before).map(({ to }) => to), ...usedIn(after).map(({ to }) => to))
  const kept = header.extensions.filter(({ type }) => type !== EXTENSION.featureNames) // the names are a courtesy
  try {
    const between = encodeHeader({ ...header, extensions: [{ type: PADDING, data: new Uint8Array(alignUp(end, 8)) }, ...kept] }, path)
    return isSafe(before, between) && isSafe(between, after) ? between : undefined
  } catch {
    return undefined // it did not fit
  }
}

/** Writes the parts behind the first sector, which nobody looks at yet, and then that sector, which names them. */
function publish(storage: Storage, cluster: Uint8Array): void {
  for (const { from, to } of behindFirstSector(cluster)) storage.writeAt(from, cluster.subarray(from, to))
  storage.flush()
  storage.writeAt(0, cluster.subarray(0, SECTOR))
  storage.flush()
}

/** Whether writing what `after` uses behind the first sector changes nothing that `before` uses there. */
function isSafe(before: Uint8Array, after: Uint8Array): boolean {
  const old = behindFirstSector(before)
  return behindFirstSector(after).every(({ from, to }) => {
    for (let at = from; at < to; at++) if (before[at] !== after[at] && old.some((range) => at >= range.from && at < range.to)) return false
    return true
  })
}

function behindFirstSector(cluster: Uint8Array): Range[] {
  return usedIn(cluster)
    .map(({ from, to }) => ({ from: Math.max(from, SECTOR), to }))
    .filter(({ from, to }) => from < to)
}

/** The parts of a first cluster that mean something, but for the fixed fields: the extensions with the mark at their end, and the backing file's name. */
function usedIn(cluster: Uint8Array): Range[] {
  const view = viewOf(cluster)
  const { version, backingOffset, backingLength } = HeaderV2.decode(cluster, {})
  const used: Range[] = []
  const limit = backingOffset > 0 ? Math.min(backingOffset, cluster.length) : cluster.length
  let at = version === 2 ? HeaderV2.size : HeaderV3.decode(cluster, {}).headerLength
  while (at + HEAD <= limit) {
    const type = view.getUint32(at)
    const length = view.getUint32(at + 4)
    const end = type === EXTENSION.end ? at + HEAD : Math.min(limit, at + HEAD + alignUp(length, 8))
    used.push({ from: at, to: type === PADDING ? at + HEAD : end })
    if (type === EXTENSION.end) break
    at = end
  }
  if (backingOffset > 0) used.push({ from: backingOffset, to: Math.min(cluster.length, backingOffset + backingLength) })
  return used
}
