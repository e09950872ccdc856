import type { FileSystemFacts } from '../../shared/disk-layout.ts'
import { facts } from './facts.ts'
import { getU64le, type GuestBytes, peek, says, textIn, uuidIn } from './guest-bytes.ts'

/** ISO 9660. ECMA-119, section 8.4: the primary volume descriptor, in the 17th block of 2048 bytes. Its id is the date of making, as Linux has it. */
export function readIso(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = peek(bytes, 32768, 2048)
  if (view?.getUint8(0) !== 1 || !says(view, 1, 'CD001')) return undefined
  const date = textIn(view, 813, 16)
  const uuid = date && /^\d{16}$/.test(date) ? date.replace(/^(....)(..)(..)(..)(..)(..)(..)$/, '$1-$2-$3-$4-$5-$6-$7') : undefined
  return facts('iso9660', { label: textIn(view, 40, 32), uuid, size: view.getUint32(80, true) * view.getUint16(128, true) })
}

/** APFS. "Apple File System Reference", `nx_superblock_t`: block zero. */
export function readApfs(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = peek(bytes, 0, 512)
  if (!view || !says(view, 32, 'NXSB')) return undefined
  return facts('apfs', { uuid: uuidIn(view, 72), size: getU64le(view, 40) * view.getUint32(36, true) })
}

/** HFS Plus. Apple's Technical Note 1150, "Volume Header": 1024 bytes in, big-endian. */
export function readHfsPlus(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = peek(bytes, 1024, 512)
  if (!view || !((says(view, 0, 'H+') && view.getUint16(2) === 4) || (says(view, 0, 'HX') && view.getUint16(2) === 5))) return undefined
  return facts('hfsplus', { size: view.getUint32(40) * view.getUint32(44) })
}
