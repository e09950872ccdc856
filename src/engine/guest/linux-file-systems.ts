import type { FileSystemFacts } from '../../shared/disk-layout.ts'
import { getU64le, type GuestBytes, peek, says, textIn, uuidIn, wideTextIn } from './guest-bytes.ts'
import { facts } from './facts.ts'

/** ext2, ext3 and ext4. Linux's Documentation/filesystems/ext4, "The Super Block": 1024 bytes in. */
export function readExt(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = peek(bytes, 1024, 1024)
  if (view?.getUint16(56, true) !== 0xef53) return undefined
  const [compatible, incompatible, readOnly] = [92, 96, 100].map((at) => view.getUint32(at, true)) as [number, number, number]
  const journal = (compatible & 0x4) !== 0
  // What came with ext4: extents, 64 bits, multiple mount protection, flexible groups; huge files, checksums, large directories and inodes.
  const fourth = (incompatible & 0x3c0) !== 0 || (readOnly & 0x478) !== 0
  const wide = (incompatible & 0x80) !== 0
  const blocks = view.getUint32(4, true) + (wide ? view.getUint32(336, true) * 2 ** 32 : 0)
  const kind = fourth ? 'ext4' : journal ? 'ext3' : 'ext2'
  return facts(kind, { label: textIn(view, 120, 16), uuid: uuidIn(view, 104), size: blocks * 2 ** (10 + (view.getUint32(24, true) & 15)) })
}

/** XFS. "XFS Algorithms & Data Structures", section "Superblocks": at the start, big-endian. */
export function readXfs(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = peek(bytes, 0, 512)
  if (!view || !says(view, 0, 'XFSB')) return undefined
  const blocks = view.getUint32(8) * 2 ** 32 + view.getUint32(12)
  return facts('xfs', { label: textIn(view, 108, 12), uuid: uuidIn(view, 32), size: blocks * view.getUint32(4) })
}

/** Btrfs. Its on-disk format page, "Superblock": 64 KiB in. The size is this device's part of it. */
export function readBtrfs(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = peek(bytes, 65536, 1024)
  if (!view || !says(view, 64, '_BHRfS_M')) return undefined
  return facts('btrfs', { label: textIn(view, 299, 256), uuid: uuidIn(view, 32), size: getU64le(view, 209) })
}

/** F2FS. Linux's include/linux/f2fs_fs.h describes the superblock: 1024 bytes in. */
export function readF2fs(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = peek(bytes, 1024, 1536)
  if (view?.getUint32(0, true) !== 0xf2f52010) return undefined
  const size = getU64le(view, 36) * 2 ** (view.getUint32(16, true) & 31)
  return facts('f2fs', { label: wideTextIn(view, 124, 512), uuid: uuidIn(view, 108), size })
}

/** Squashfs 4. Linux's Documentation/filesystems/squashfs: at the start. */
export function readSquashfs(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = peek(bytes, 0, 96)
  if (!view || !says(view, 0, 'hsqs') || view.getUint16(28, true) !== 4) return undefined
  return facts('squashfs', { size: getU64le(view, 40) })
}

const SWAP_PAGES = [4096, 8192, 16384, 65536] as const

/** Swap. Linux's include/linux/swap.h, `union swap_header`: the first page ends with the magic, the header is 1024 bytes in. */
export function readSwap(bytes: GuestBytes): FileSystemFacts | undefined {
  for (const page of SWAP_PAGES) {
    const magic = peek(bytes, page - 10, 10)
    const view = magic && says(magic, 0, 'SWAPSPACE2') ? peek(bytes, 1024, 512) : undefined
    if (view) return facts('swap', { label: textIn(view, 28, 16), uuid: uuidIn(view, 12), size: (view.getUint32(4, true) + 1) * page })
  }
  return undefined
}

/** LUKS. On-disk format 1.2.3 for version 1, "LUKS2 On-Disk Format" for version 2: at the start, big-endian. */
export function readLuks(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = peek(bytes, 0, 512)
  if (!view || !says(view, 0, 'LUKS') || view.getUint16(4) !== 0xbabe) return undefined
  const version = view.getUint16(6)
  const uuid = textIn(view, 168, 40)
  if (version === 1) return facts('luks1', { uuid })
  return version === 2 ? facts('luks2', { label: textIn(view, 24, 48), uuid }) : undefined
}

/** A physical volume of LVM 2: a label in one of the first four sectors, as lvm2's lib/format_text/layout.h lays it out. */
export function readLvm(bytes: GuestBytes): FileSystemFacts | undefined {
  for (let at = 0; at < 2048; at += 512) {
    const view = peek(bytes, at, 512)
    if (!view || !says(view, 0, 'LABELONE') || !says(view, 24, 'LVM2 001')) continue
    const header = view.getUint32(20, true)
    if (header > 512 - 40) return { kind: 'lvm2' }
    const id = textIn(view, header, 32)
    return facts('lvm2', {
      uuid: id?.replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, '$1-$2-$3-$4-$5-$6-$7'),
      size: getU64le(view, header + 32),
    })
  }
  return undefined
}

/** Where Linux's software RAID puts its superblock at the start of a device: versions 1.1 and 1.2. */
const RAID_PLACES = [0, 4096] as const

/** A member of a Linux software RAID. Linux's include/uapi/linux/raid/md_p.h, `struct mdp_superblock_1`. */
export function readRaid(bytes: GuestBytes): FileSystemFacts | undefined {
  for (const at of RAID_PLACES) {
    const view = peek(bytes, at, 256)
    if (view?.getUint32(0, true) !== 0xa92b4efc || view.getUint32(4, true) !== 1) continue
    const size = (getU64le(view, 128) + getU64le(view, 136)) * 512
    return facts('raid', { label: textIn(view, 32, 32), uuid: uuidIn(view, 16), size })
  }
  return undefined
}

/** The first uberblocks of the first label; one that was never written is empty. */
const UBERBLOCKS = { at: 128 * 1024, step: 1024, count: 128 } as const
const UBERBLOCK_MAGIC = 0x00bab10c

/** A member of a ZFS pool. "ZFS On-Disk Specification", section 1.3: the first label has an array of uberblocks, in either byte order. */
export function readZfs(bytes: GuestBytes): FileSystemFacts | undefined {
  const view = peek(bytes, UBERBLOCKS.at, UBERBLOCKS.step * UBERBLOCKS.count)
  if (!view) return undefined
  for (let at = 0; at < view.byteLength; at += UBERBLOCKS.step) {
    const little = view.getUint32(at, true) === UBERBLOCK_MAGIC && view.getUint32(at + 4) === 0
    const big = view.getUint32(at) === 0 && view.getUint32(at + 4) === UBERBLOCK_MAGIC
    if (little || big) return { kind: 'zfs' }
  }
  return undefined
}
