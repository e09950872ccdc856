import type { FileSystemFacts } from '../../shared/disk-layout.ts'
import { isPowerOfTwo } from '../base/ints.ts'
import { facts } from './facts.ts'
import { getU64le, type GuestBytes, peek, says, textIn, wideTextIn } from './guest-bytes.ts'

const BOOT_SIGNATURE = 0xaa55

/** The first sector, where it ends as a boot sector does. */
function bootSector(bytes: GuestBytes): DataView | undefined {
  const view = peek(bytes, 0, 512)
  return view?.getUint16(510, true) === BOOT_SIGNATURE ? view : undefined
}

const isSectorSize = (value: number): boolean => isPowerOfTwo(value) && value >= 512 && value <= 4096

/** A serial number as DOS prints it. */
function serial(view: DataView, at: number): string {
  const digits = view.getUint32(at, true).toString(16).toUpperCase().padStart(8, '0')
  return `${digits.slice(0, 4)}-${digits.slice(4)}`
}

/** FAT12, FAT16 and FAT32. Microsoft's "FAT: General Overview of On-Disk Format" 1.03. The label is the boot sector's copy. */
export function readFat(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = bootSector(bytes)
  if (!view) return undefined
  const sector = view.getUint16(11, true)
  const [reserved, tables, media] = [view.getUint16(14, true), view.getUint8(16), view.getUint8(21)]
  const sectors = view.getUint16(19, true) || view.getUint32(32, true)
  const shaped = isSectorSize(sector) && isPowerOfTwo(view.getUint8(13)) && reserved > 0 && (tables === 1 || tables === 2)
  if (!shaped || sectors === 0 || (media !== 0xf0 && media < 0xf8)) return undefined
  const wide = view.getUint16(22, true) === 0
  if (wide && view.getUint32(36, true) === 0) return undefined
  const extended = wide ? 66 : 38
  const size = sectors * sector
  // 0x29 says that serial number, label and type follow; 0x28 that the number alone does.
  const mark = view.getUint8(extended)
  if (mark !== 0x29 && mark !== 0x28) return facts('vfat', { size })
  const label = mark === 0x29 ? textIn(view, extended + 5, 11) : undefined
  return facts('vfat', { label: label === 'NO NAME' ? undefined : label, uuid: serial(view, extended + 1), size })
}

/** exFAT. Microsoft's "exFAT file system specification", sections 3.1 and 7.3: the label is an entry of the root directory. */
export function readExfat(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = bootSector(bytes)
  if (!view || !says(view, 3, 'EXFAT   ')) return undefined
  const sector = 2 ** (view.getUint8(108) & 15)
  const clusterSize = sector * 2 ** (view.getUint8(109) & 31)
  const root = view.getUint32(88, true) * sector + (view.getUint32(96, true) - 2) * clusterSize
  return facts('exfat', { label: exfatLabel(bytes, root), uuid: serial(view, 100), size: getU64le(view, 72) * sector })
}

/** Formatting makes the label one of the first entries. */
function exfatLabel(bytes: GuestBytes, root: number): string | undefined {
  const view = peek(bytes, root, 512)
  if (!view) return undefined
  for (let at = 0; at < 512; at += 32) if (view.getUint8(at) === 0x83) return wideTextIn(view, at + 2, Math.min(11, view.getUint8(at + 1)))
  return undefined
}

/** NTFS, after the boot sector in Microsoft's "NTFS Boot Sector" table. One sector behind the file system is its spare boot sector. */
export function readNtfs(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = bootSector(bytes)
  if (!view || !says(view, 3, 'NTFS    ')) return undefined
  const sector = view.getUint16(11, true)
  if (!isSectorSize(sector)) return undefined
  // From 0x80 on, as in clusters of more than 64 KiB, the byte is the negative of a power of two.
  const perCluster = view.getUint8(13)
  const clusterSize = sector * (perCluster <= 0x80 ? perCluster : 2 ** (256 - perCluster))
  const perRecord = view.getInt8(64)
  const recordSize = perRecord >= 0 ? perRecord * clusterSize : 2 ** -perRecord
  const uuid = [76, 72].map((at) => view.getUint32(at, true).toString(16).toUpperCase().padStart(8, '0')).join('')
  const label = ntfsLabel(bytes, getU64le(view, 48) * clusterSize, recordSize)
  return facts('ntfs', { label, uuid, size: (getU64le(view, 40) + 1) * sector })
}

const VOLUME_RECORD = 3
const VOLUME_NAME = 0x60
const END_OF_ATTRIBUTES = 0xffffffff

/** The name of the volume: an attribute within record 3 of the master file table, `$Volume`. */
function ntfsLabel(bytes: GuestBytes, table: number, recordSize: number): string | undefined {
  if (recordSize < 512 || recordSize > 65536) return undefined
  const view = peek(bytes, table + VOLUME_RECORD * recordSize, recordSize)
  if (!view || !says(view, 0, 'FILE')) return undefined
  // Attributes lie one behind the other; in the bytes at the end of each sector, that NTFS swaps out, no small record has any.
  for (let at = view.getUint16(20, true); at + 24 <= Math.min(510, recordSize);) {
    const [type, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)]
    if (type === VOLUME_NAME) {
      const [chars, start] = [view.getUint32(at + 16, true), at + view.getUint16(at + 20, true)]
      const units = Math.min(128, Math.floor(chars / 2))
      return start + 2 * units <= recordSize ? wideTextIn(view, start, units) : undefined
    }
    if (type === END_OF_ATTRIBUTES || length < 24) return undefined
    at += length
  }
  return undefined
}

/** BitLocker's boot sector, from Windows 7 on, and that for drives that FAT may be on. */
export function readBitlocker(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = bootSector(bytes)
  return view && says(view, 3, '-FVE-FS-') ? { kind: 'bitlocker' } : undefined
}
