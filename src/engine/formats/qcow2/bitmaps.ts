import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { alignUp, getU64 } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import { hostOf } from './entry.ts'
import type { Header } from './header.ts'
import { BitmapEntry, BitmapsExtension, EXTENSION, LIMITS } from './layout.ts'

/** The parts of the file that persistent bitmaps take: directory, tables and data (section "Bitmaps"). Throws `CORRUPT` where they are impossible. */
export function* bitmapClusters(storage: Storage, header: Header): Generator<{ at: number; length: number }> {
  const extension = header.extensions.find(({ type }) => type === EXTENSION.bitmaps)
  if (!extension) return
  const { path } = storage
  const impossible = (what: string, offset: number): StrataError =>
    new StrataError('CORRUPT', `${what} is impossible`, { path, offset, field: 'bitmaps' })
  if (extension.data.length !== BitmapsExtension.size) throw impossible('The length of the bitmaps extension', 0)
  const { count, directorySize, directoryOffset } = BitmapsExtension.decode(extension.data, { path })
  if (
    count > LIMITS.bitmaps ||
    directorySize > LIMITS.bitmapDirectoryBytes ||
    directoryOffset + directorySize > alignUp(storage.size, 2 ** header.clusterBits)
  )
    throw impossible('The bitmap directory', directoryOffset)
  yield { at: directoryOffset, length: directorySize }

  const clusterSize = 2 ** header.clusterBits
  let at = directoryOffset
  for (let i = 0; i < count; i++) {
    const fixed = new Uint8Array(BitmapEntry.size)
    readPadded(storage, at, fixed)
    const entry = BitmapEntry.decode(fixed, { path, offset: at })
    const tableBytes = entry.tableSize * 8
    if (
      entry.tableOffset === 0 ||
      entry.tableOffset % clusterSize !== 0 ||
      entry.tableOffset + tableBytes > alignUp(storage.size, clusterSize)
    )
      throw impossible(`The table of bitmap ${i}`, at)
    const piece = new Uint8Array(clusterSize)
    for (let done = 0; done < tableBytes; done += clusterSize) {
      yield { at: entry.tableOffset + done, length: Math.min(clusterSize, tableBytes - done) }
      readPadded(storage, entry.tableOffset + done, piece)
      const view = viewOf(piece)
      for (let byte = 0; byte < Math.min(clusterSize, tableBytes - done); byte += 8) {
        if (getU64(view, byte) < 512) continue
        yield { at: hostOf(view.getUint32(byte), view.getUint32(byte + 4)), length: clusterSize }
      }
    }
    at += alignUp(BitmapEntry.size + entry.extraLength + entry.nameLength, 8)
  }
}
