import type { FileSystemFacts } from '../../shared/disk-layout.ts'
import type { GuestBytes } from './guest-bytes.ts'
import {
  readBtrfs,
  readExt,
  readF2fs,
  readLuks,
  readLvm,
  readRaid,
  readSquashfs,
  readSwap,
  readXfs,
  readZfs,
} from './linux-file-systems.ts'
import { readBitlocker, readExfat, readFat, readNtfs } from './microsoft-file-systems.ts'
import { readApfs, readHfsPlus, readIso } from './other-file-systems.ts'

/**
 * In this order: what holds other things first, then by how sure the magic number is. Programs that make one of them wipe the marks of others, and
 * FAT has hardly any of its own.
 */
const READERS: readonly ((bytes: GuestBytes) => FileSystemFacts | undefined)[] = [
  readLuks,
  readLvm,
  readRaid,
  readBitlocker,
  readXfs,
  readBtrfs,
  readExt,
  readF2fs,
  readSquashfs,
  readApfs,
  readHfsPlus,
  readNtfs,
  readExfat,
  readSwap,
  readIso,
  readFat,
  readZfs,
]

/** What fills some bytes of the guest, judged by its magic numbers; undefined where nothing known does. */
export function recognise(bytes: GuestBytes): FileSystemFacts | undefined {
  for (const read of READERS) {
    const found = read(bytes)
    if (found) return found
  }
  return undefined
}
