import { viewOf } from '../../base/bytes.ts'
import { alignUp, putU64 } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import { type Header, writeFeatures, writeHeader } from './header.ts'
import { AUTOCLEAR, BitmapsExtension, EXTENSION, HeaderV2, HeaderV3 } from './layout.ts'

/** What a disk writes whole or not at all. */
const SECTOR = 512
/** Bytes of an extension's type and length, and of the mark that ends the extensions. */
const HEAD = 8

/** What the bitmaps extension says. */
export interface BitmapsPlace {
  count: number
  directorySize: number
  directoryOffset: number
}

/**
 * Makes the header name another bitmap directory, or none, and returns when that is on stable storage. Every step is one that a power cut
 * leaves whole or undone, and at none of them does the header call bitmaps right that are not there: where the extension can't be switched
 * in one write, it is not trusted meanwhile (section "Header", autoclear features).
 */
export function publishBitmapsExtension({ storage, header }: { storage: Storage; header: Header }, place: BitmapsPlace | undefined): void {
  const found = findExtension(storage)
  if (!place) {
    trust(storage, header, false)
    if (found.at !== undefined) remove(storage, header, found)
    return
  }
  const data = new Uint8Array(BitmapsExtension.size)
  BitmapsExtension.encode({ ...place, reserved: 0 }, data)
  if (found.at === undefined || found.length !== data.length) {
    trust(storage, header, false)
    insert(storage, header, data, found)
  } else {
    const at = found.at + HEAD
    if (Math.floor(at / SECTOR) !== Math.floor((at + data.length - 1) / SECTOR)) trust(storage, header, false)
    storage.writeAt(at, data)
    storage.flush()
    setExtension(header, data)
  }
  trust(storage, header, true)
}

/** Where the extension stands in the file, and where all extensions end. */
interface Found {
  at?: number
  /** of its data */
  length: number
  end: number
  /** whether there is a mark at the end: without one, they end where the backing file's name begins */
  marked: boolean
}

function findExtension(storage: Storage): Found {
  const fixed = new Uint8Array(HeaderV3.size)
  readPadded(storage, 0, fixed)
  const { backingOffset, clusterBits } = HeaderV2.decode(fixed, {})
  const limit = backingOffset || 2 ** clusterBits
  const area = new Uint8Array(limit)
  readPadded(storage, 0, area)
  const view = viewOf(area)
  const found: Found = { length: 0, end: HeaderV3.decode(fixed, {}).headerLength, marked: false }
  while (found.end + HEAD <= limit && view.getUint32(found.end) !== EXTENSION.end) {
    const length = view.getUint32(found.end + 4)
    if (view.getUint32(found.end) === EXTENSION.bitmaps) Object.assign(found, { at: found.end, length })
    found.end += HEAD + alignUp(length, 8)
  }
  found.marked = found.end + HEAD <= limit
  return found
}

/** Puts the extension where the end mark is: first all that lies behind the mark, where nobody looks, and then its head in place of the mark. */
function insert(storage: Storage, header: Header, data: Uint8Array, { at, end, marked }: Found): void {
  setExtension(header, data)
  const room = end + HEAD + data.length + HEAD
  if (at !== undefined || !marked || !makeRoom(storage, room)) {
    writeHeader(storage, header)
    return storage.flush()
  }
  const rest = new Uint8Array(data.length + HEAD)
  rest.set(data)
  storage.writeAt(end + HEAD, rest)
  storage.flush()
  const head = new Uint8Array(HEAD)
  viewOf(head).setUint32(0, EXTENSION.bitmaps)
  viewOf(head).setUint32(4, data.length)
  storage.writeAt(end, head)
  storage.flush()
}

/** Makes sure that the backing file's name, which follows the extensions, does not begin before `room`; false where the cluster is too small. */
function makeRoom(storage: Storage, room: number): boolean {
  const fixed = new Uint8Array(HeaderV2.size)
  readPadded(storage, 0, fixed)
  const { backingOffset, backingLength, clusterBits } = HeaderV2.decode(fixed, {})
  if (backingOffset === 0) return room <= 2 ** clusterBits
  if (backingOffset >= room) return true
  const name = new Uint8Array(backingLength)
  readPadded(storage, backingOffset, name)
  const at = alignUp(Math.max(room, backingOffset + backingLength), 8)
  if (at + backingLength > 2 ** clusterBits) return false
  storage.writeAt(at, name)
  storage.flush()
  const word = new Uint8Array(8)
  putU64(viewOf(word), 0, at)
  storage.writeAt(HeaderV2.at('backingOffset'), word)
  storage.flush()
  return true
}

/** Takes the extension out: as the last one it becomes the end mark. */
function remove(storage: Storage, header: Header, { at = 0, length, end }: Found): void {
  header.extensions = header.extensions.filter(({ type }) => type !== EXTENSION.bitmaps)
  if (at + HEAD + alignUp(length, 8) === end) storage.writeAt(at, new Uint8Array(HEAD))
  else writeHeader(storage, header)
  storage.flush()
}

function setExtension(header: Header, data: Uint8Array): void {
  const old = header.extensions.find(({ type }) => type === EXTENSION.bitmaps)
  if (old) old.data = data
  else header.extensions.push({ type: EXTENSION.bitmaps, data })
}

/** Says in the header whether the bitmaps are right. */
function trust(storage: Storage, header: Header, right: boolean): void {
  const autoclear = right ? header.autoclear | AUTOCLEAR.bitmaps : header.autoclear & ~AUTOCLEAR.bitmaps
  if (autoclear === header.autoclear) return
  header.autoclear = autoclear
  writeFeatures(storage, header)
  storage.flush()
}
