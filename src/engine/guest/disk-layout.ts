import type { DiskLayout, FileSystemFacts, FileSystemKind, Partition } from '../../shared/disk-layout.ts'
import { type Gpt, readGpt } from './gpt.ts'
import { type GuestBytes, partOf } from './guest-bytes.ts'
import { type Mbr, type MbrPartition, PROTECTIVE, readLogical, readMbr } from './mbr.ts'
import { readIso } from './other-file-systems.ts'
import { gptType, mbrType } from './partition-types.ts'
import { recognise } from './recognise.ts'

/** Their first sector ends as an MBR does, and holds code where an MBR has its rows. */
const WITH_BOOT_SECTOR: readonly FileSystemKind[] = ['vfat', 'exfat', 'ntfs', 'bitlocker']
/** Partitions that are looked into; reading each costs a seek. */
const MOST_LOOKED_INTO = 256
/** Sentences that are kept: a damaged table can be wrong in a thousand places. */
const MOST_PROBLEMS = 50

/** A partition table as far as it was read, before anybody looked into the partitions. */
interface Table {
  table: 'mbr' | 'gpt'
  sectorSize: number
  id?: string
  hybrid: boolean
  partitions: Partition[]
  /** bytes that the table takes behind the last partition */
  reserve: number
}

/** What the guest has put on a disk. Damage ends up in `problems`; only what can't be read at all throws. */
export function readLayout(disk: GuestBytes): DiskLayout {
  const problems: string[] = []
  const { size } = disk
  const whole = recognise(disk)
  const found = whole && WITH_BOOT_SECTOR.includes(whole.kind) ? undefined : readTable(disk, whole, problems)
  const partitions = (found?.partitions ?? []).map((partition, i) => (i < MOST_LOOKED_INTO ? lookedInto(disk, partition) : partition))
  const fileSystem = found ? readIso(disk) : whole
  problems.push(...pastTheEnd(partitions, size), ...tooLarge(partitions, fileSystem, size))
  // Installation media list parts of themselves as partitions, one within the other, and mean it.
  if (fileSystem?.kind !== 'iso9660') problems.push(...overlaps(partitions))
  const ends = [
    ...partitions.map(({ start, length }) => start + length + (found?.reserve ?? 0)),
    ...(fileSystem ? [fileSystem.size ?? size] : []),
  ]
  return {
    size,
    table: found?.table ?? 'none',
    sectorSize: found?.sectorSize ?? 512,
    ...(found?.id !== undefined && { id: found.id }),
    hybrid: found?.hybrid ?? false,
    partitions,
    ...(fileSystem && { fileSystem }),
    ...(ends.length > 0 && { lastUsedByte: ends.reduce((last, end) => Math.max(last, end)) }),
    problems: problems.slice(0, MOST_PROBLEMS),
  }
}

function lookedInto(disk: GuestBytes, partition: Partition): Partition {
  if (partition.role === 'extended') return partition
  const fileSystem = recognise(partOf(disk, partition.start, partition.length))
  return fileSystem ? { ...partition, fileSystem } : partition
}

function readTable(disk: GuestBytes, whole: FileSystemFacts | undefined, problems: string[]): Table | undefined {
  const mbr = readMbr(disk)
  const rows = mbr === undefined || mbr === 'impossible' ? [] : mbr.primary
  const announced = rows.some(({ type }) => type === PROTECTIVE)
  const others = rows.filter(({ type }) => type !== PROTECTIVE)
  const gptProblems: string[] = []
  const gpt = readGpt(disk, gptProblems)
  if (gpt && (announced || others.length === 0)) {
    if (!announced) problems.push('The protective MBR is missing: some systems do not see the partitions.')
    problems.push(...gptProblems)
    return gptTable(gpt, announced && others.length > 0)
  }
  if (gpt) problems.push('A GPT is on the disk too, which its MBR does not announce; systems go by the MBR.')
  if (announced) problems.push('The MBR announces a GPT, and none was found.')
  if (mbr === 'impossible' && !whole) problems.push('The first sector ends as a partition table does, and its rows are impossible.')
  if (mbr === undefined || mbr === 'impossible' || (rows.length === 0 && whole)) return undefined
  return mbrTable(disk, mbr, problems)
}

function gptTable({ sectorSize, id, partitions, reserve }: Gpt, hybrid: boolean): Table {
  return {
    table: 'gpt',
    sectorSize,
    id,
    hybrid,
    reserve,
    partitions: partitions.map(({ index, type, uuid, first, sectors, active, label }) => ({
      index,
      start: first * sectorSize,
      length: sectors * sectorSize,
      ...gptType(type),
      uuid,
      active,
      ...(label !== undefined && { label }),
    })),
  }
}

/** An MBR does not tell its sector size. Only where nothing is found with the usual one, and something with 4096, it is that. */
function mbrTable(disk: GuestBytes, mbr: Mbr, problems: string[]): Table {
  const sectorSize = !knows(disk, mbr, 512) && knows(disk, mbr, 4096) ? 4096 : 512
  const all = [...mbr.primary, ...readLogical(disk, mbr, sectorSize, problems)]
  return {
    table: 'mbr',
    sectorSize,
    ...(mbr.id !== 0 && { id: `0x${mbr.id.toString(16).padStart(8, '0')}` }),
    hybrid: false,
    reserve: 0,
    partitions: all.map((partition) => placed(partition, sectorSize)),
  }
}

function placed({ index, role, active, type, first, sectors }: MbrPartition, sectorSize: number): Partition {
  return { index, start: first * sectorSize, length: sectors * sectorSize, ...mbrType(type), role, active }
}

/** Whether some partition holds what is known, if the table counts in sectors of that size. */
function knows(disk: GuestBytes, mbr: Mbr, sectorSize: number): boolean {
  return (
    mbr.primary.some(({ first, sectors }) => recognise(partOf(disk, first * sectorSize, sectors * sectorSize)) !== undefined) ||
    readLogical(disk, mbr, sectorSize, []).length > 0
  )
}

function pastTheEnd(partitions: readonly Partition[], size: number): string[] {
  return partitions
    .filter(({ start, length }) => start + length > size)
    .map(({ index, start, length }) => `Partition ${index} reaches ${start + length - size} bytes past the end of the disk.`)
}

/** Partitions that share bytes; an extended one shares all of its own, and does not count. */
function overlaps(partitions: readonly Partition[]): string[] {
  const problems: string[] = []
  const placed = partitions.filter(({ role }) => role !== 'extended').sort((a, b) => a.start - b.start)
  let furthest: Partition | undefined
  for (const partition of placed) {
    if (furthest && partition.start < furthest.start + furthest.length)
      problems.push(`Partitions ${furthest.index} and ${partition.index} overlap.`)
    if (!furthest || partition.start + partition.length > furthest.start + furthest.length) furthest = partition
  }
  return problems
}

/** File systems that are larger than where they lie, as after something was cut off. */
function tooLarge(partitions: readonly Partition[], whole: FileSystemFacts | undefined, size: number): string[] {
  const problems = partitions
    .filter(({ length, fileSystem }) => fileSystem?.size !== undefined && fileSystem.size > length)
    .map(({ index }) => `The file system in partition ${index} is larger than the partition.`)
  if (whole?.size !== undefined && whole.size > size) problems.push('The file system is larger than the disk.')
  return problems
}
