import { viewOf } from '../../base/bytes.ts'
import { alignUp } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import { rewriteHeader } from './header-rewrite.ts'
import { type Header, writeFeatures } from './header.ts'
import { AUTOCLEAR, BitmapsExtension, EXTENSION, HeaderV2, HeaderV3 } from './layout.ts'

/** What a disk writes whole or not at all. */
const SECTOR = 512
/** Bytes of an extension's type and length. */
const HEAD = 8

/** What the bitmaps extension says. */
export interface BitmapsPlace {
  count: number
  directorySize: number
  directoryOffset: number
}

/**
 * Makes the header name another bitmap directory, or none, and returns when that is on stable storage. After a power cut it names the old one,
 * the new one, or none: where the extension can't be switched by one write, it is not trusted meanwhile (section "Header", autoclear features).
 */
export function publishBitmapsExtension({ storage, header }: { storage: Storage; header: Header }, place: BitmapsPlace | undefined): void {
  const others = header.extensions.filter(({ type }) => type !== EXTENSION.bitmaps)
  if (!place) {
    trust(storage, header, false)
    header.extensions = others
    return rewriteHeader(storage, header)
  }
  const data = new Uint8Array(BitmapsExtension.size)
  BitmapsExtension.encode({ ...place, reserved: 0 }, data)
  const old = header.extensions.find(({ type }) => type === EXTENSION.bitmaps)
  const at = old?.data.length === data.length ? findExtension(storage) : undefined
  if (old && at !== undefined && Math.floor(at / SECTOR) === Math.floor((at + data.length - 1) / SECTOR)) {
    storage.writeAt(at, data)
    storage.flush()
    old.data = data
  } else {
    trust(storage, header, false)
    header.extensions = [...others, { type: EXTENSION.bitmaps, data }]
    rewriteHeader(storage, header)
  }
  trust(storage, header, true)
}

/** Where the data of the bitmaps extension stands in the file. */
function findExtension(storage: Storage): number | undefined {
  const fixed = new Uint8Array(HeaderV3.size)
  readPadded(storage, 0, fixed)
  const { backingOffset, clusterBits } = HeaderV2.decode(fixed, {})
  const area = new Uint8Array(backingOffset || 2 ** clusterBits)
  readPadded(storage, 0, area)
  const view = viewOf(area)
  for (let at = HeaderV3.decode(fixed, {}).headerLength; at + HEAD <= area.length;) {
    const type = view.getUint32(at)
    if (type === EXTENSION.bitmaps) return at + HEAD
    if (type === EXTENSION.end) return undefined
    at += HEAD + alignUp(view.getUint32(at + 4), 8)
  }
  return undefined
}

/** Says in the header whether the bitmaps are right. */
function trust(storage: Storage, header: Header, right: boolean): void {
  const autoclear = right ? header.autoclear | AUTOCLEAR.bitmaps : header.autoclear & ~AUTOCLEAR.bitmaps
  if (autoclear === header.autoclear) return
  header.autoclear = autoclear
  writeFeatures(storage, header)
  storage.flush()
}
