/** What the guest has put on a disk, as its partition table and the headers of its file systems tell. Plain data; sizes are bytes. */

export type FileSystemKind =
  | 'ext2'
  | 'ext3'
  | 'ext4'
  | 'xfs'
  | 'btrfs'
  | 'f2fs'
  | 'squashfs'
  | 'vfat'
  | 'exfat'
  | 'ntfs'
  | 'iso9660'
  | 'apfs'
  | 'hfsplus'
  | 'swap'
  | 'luks1'
  | 'luks2'
  | 'bitlocker'
  | 'lvm2'
  | 'raid'
  | 'zfs'

/** A file system, or what else fills a partition; named as Linux names it. */
export interface FileSystemFacts {
  kind: FileSystemKind
  label?: string
  uuid?: string
  /** bytes that it takes, as its own header says; absent where the header does not tell */
  size?: number
}

export interface Partition {
  /** as Linux numbers it: logical ones from 5 on */
  index: number
  start: number
  length: number
  /** `0x83` in an MBR, a GUID in a GPT */
  type: string
  /** the type in plain words; absent where it is not known */
  typeName?: string
  /** in an MBR: an `extended` one holds the `logical` ones */
  role?: 'primary' | 'extended' | 'logical'
  /** in a GPT */
  label?: string
  uuid?: string
  /** the firmware starts from it */
  active: boolean
  fileSystem?: FileSystemFacts
}

export interface DiskLayout {
  /** guest bytes */
  size: number
  /** `none`: a file system right on the disk, or nothing that is known */
  table: 'none' | 'mbr' | 'gpt'
  /** bytes that the table counts in; 512 where there is none */
  sectorSize: number
  /** the disk's signature in an MBR, its GUID in a GPT */
  id?: string
  /** beside the GPT, the MBR lists partitions too */
  hybrid: boolean
  partitions: Partition[]
  /** what lies right on the disk: alone, or an ISO 9660 beside a table */
  fileSystem?: FileSystemFacts
  /**
   * The smallest size at which the disk still holds all that is known to be on it: the end of the last partition or file system, and behind a GPT's
   * partitions the room of its backup. More than `size` where the table reaches past the end; absent where nothing is known.
   */
  lastUsedByte?: number
  /** what is wrong, in words */
  problems: string[]
}
