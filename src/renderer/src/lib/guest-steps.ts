import type { DiskLayout, FileSystemFacts, FileSystemKind, Partition } from '../../../shared/disk-layout.ts'

/** Something to do inside the guest after its disk has grown or shrunk. `gpt` moves the table's backup to the new end. */
export type GuestStep =
  | { do: 'gpt'; commands: string[] }
  | { do: 'partition'; partition: number; commands: string[] }
  | { do: 'file-system'; kind: FileSystemKind; commands: string[] }
  | { do: 'windows' }
  | { do: 'another-tool'; kind: FileSystemKind }

/** Where Linux in a virtual machine finds its first disk. */
const DISK = '/dev/vda'

/** What is left to do inside the guest after its disk got another size, in order. Commands name the disk as `/dev/vda`. */
export function guestSteps(layout: DiskLayout, { grown }: { grown: boolean }): GuestStep[] {
  const backup: GuestStep[] = layout.table === 'gpt' ? [{ do: 'gpt', commands: [`sudo sgdisk --move-second-header ${DISK}`] }] : []
  if (!grown) return backup
  const last = lastPartition(layout)
  if (!last) return layout.fileSystem ? fill(layout.fileSystem, DISK) : []
  const { fileSystem } = last
  if (fileSystem?.kind === 'ntfs' || fileSystem?.kind === 'bitlocker') return [{ do: 'windows' }]
  const extended = last.role === 'logical' ? layout.partitions.filter(({ role }) => role === 'extended') : []
  const grow = [...extended, last].map<GuestStep>(({ index }) => ({
    do: 'partition',
    partition: index,
    commands: [`sudo growpart ${DISK} ${index}`],
  }))
  return [...backup, ...grow, ...(fileSystem ? fill(fileSystem, `${DISK}${last.index}`) : [])]
}

/** The partition that the new room lies behind; an extended one stands for those within it. */
function lastPartition({ partitions }: DiskLayout): Partition | undefined {
  return partitions
    .filter(({ role }) => role !== 'extended')
    .toSorted((a, b) => a.start - b.start)
    .at(-1)
}

/** How a file system takes the room that its partition has got. */
function fill({ kind }: FileSystemFacts, device: string): GuestStep[] {
  switch (kind) {
    case 'ext2':
    case 'ext3':
    case 'ext4':
      return [{ do: 'file-system', kind, commands: [`sudo resize2fs ${device}`] }]
    case 'xfs':
      return [{ do: 'file-system', kind, commands: ['sudo xfs_growfs /'] }]
    case 'btrfs':
      return [{ do: 'file-system', kind, commands: ['sudo btrfs filesystem resize max /'] }]
    case 'f2fs':
      return [{ do: 'file-system', kind, commands: [`sudo resize.f2fs ${device}`] }]
    case 'lvm2':
      return [{ do: 'file-system', kind, commands: [`sudo pvresize ${device}`, 'sudo lvextend --resizefs --extents +100%FREE VOLUME'] }]
    case 'luks1':
    case 'luks2':
      return [{ do: 'file-system', kind, commands: ['sudo cryptsetup resize NAME'] }]
    case 'ntfs':
    case 'bitlocker':
      return [{ do: 'windows' }]
    case 'swap':
    case 'squashfs':
    case 'iso9660':
      return []
    default:
      return [{ do: 'another-tool', kind }]
  }
}
