import { crc32 } from './crc32.ts'
import { getU64le, guidIn, type GuestBytes, peek, says, wideTextIn } from './guest-bytes.ts'

/** The GUID partition table: UEFI specification 2.10, section 5.3. Numbers are little-endian, places count sectors (LBA). */
const SECTOR_SIZES = [512, 4096] as const
const HEADER_BYTES = 92
const SMALLEST_ENTRY = 128
/** Bytes of entries that are looked at: 8192 of the usual size, where the customary table has 128. */
const MOST_ENTRY_BYTES = 2 ** 20
const MOST_PARTITIONS = 1024
const NOBODY = '00000000-0000-0000-0000-000000000000'
const LEGACY_BOOTABLE = 4

/** A partition; `first` and `sectors` count sectors. */
export interface GptPartition {
  index: number
  type: string
  uuid: string
  first: number
  sectors: number
  active: boolean
  label?: string
}

export interface Gpt {
  sectorSize: number
  id: string
  partitions: GptPartition[]
  /** bytes that the backup takes behind the last partition */
  reserve: number
}

/** A header as it stands. Its places may be no safe integers. */
interface Header {
  sectorSize: number
  lba: number
  /** its checksum is right, and it lies where it says that it does */
  sound: boolean
  alternate: number
  firstUsable: number
  lastUsable: number
  id: string
  entries: number
  count: number
  entryBytes: number
  entriesCrc: number
}

function readHeader(disk: GuestBytes, lba: number, sectorSize: number): Header | undefined {
  const view = peek(disk, lba * sectorSize, sectorSize)
  if (!view || !says(view, 0, 'EFI PART')) return undefined
  const stored = view.getUint32(16, true)
  const length = view.getUint32(12, true)
  const header = {
    alternate: getU64le(view, 32),
    firstUsable: getU64le(view, 40),
    lastUsable: getU64le(view, 48),
    id: guidIn(view, 56),
    entries: getU64le(view, 72),
    count: view.getUint32(80, true),
    entryBytes: view.getUint32(84, true),
    entriesCrc: view.getUint32(88, true),
  }
  view.setUint32(16, 0)
  const whole = length >= HEADER_BYTES && length <= sectorSize && crc32(new Uint8Array(view.buffer, 0, length)) === stored
  const shaped = header.entryBytes >= SMALLEST_ENTRY && header.entryBytes % 8 === 0
  return { ...header, sectorSize, lba, sound: whole && shaped && getU64le(view, 24) === lba }
}

/** The table, by its header at the start, or else by its backup; undefined where there is neither. What is wrong goes to `problems`. */
export function readGpt(disk: GuestBytes, problems: string[]): Gpt | undefined {
  const heads = SECTOR_SIZES.flatMap((sectorSize) => readHeader(disk, 1, sectorSize) ?? [])
  const tails = SECTOR_SIZES.flatMap((sectorSize) => readHeader(disk, lastSector(disk, sectorSize), sectorSize) ?? [])
  const primary = heads.find(({ sound }) => sound)
  if (primary) return tableOf(disk, primary, backupOf(disk, primary, problems), problems)
  const named = heads.flatMap(({ alternate, sectorSize }) => readHeader(disk, alternate, sectorSize) ?? [])
  const backup = [...tails, ...named].find(({ sound }) => sound)
  if (backup) {
    problems.push('The partition table at the start of the disk is damaged; its backup is used.')
    return tableOf(disk, backup, undefined, problems)
  }
  const damaged = heads[0] ?? tails[0]
  if (!damaged) return undefined
  problems.push('The header of the partition table is damaged, and no sound backup was found; what it says may be wrong.')
  return tableOf(disk, damaged, undefined, problems)
}

function lastSector(disk: GuestBytes, sectorSize: number): number {
  return Math.floor(disk.size / sectorSize) - 1
}

/** The backup that a sound header names. */
function backupOf(disk: GuestBytes, { alternate, sectorSize }: Header, problems: string[]): Header | undefined {
  const last = lastSector(disk, sectorSize)
  if (alternate > last) {
    problems.push('The backup of the partition table lies past the end of the disk, as if the disk had been cut short.')
    return undefined
  }
  if (alternate < last)
    problems.push(
      'The backup of the partition table is not at the end of the disk, as after the disk was made larger. The guest’s partition tools can move it.',
    )
  const backup = readHeader(disk, alternate, sectorSize)
  if (backup?.sound) return backup
  problems.push('The backup of the partition table is damaged.')
  return undefined
}

function tableOf(disk: GuestBytes, header: Header, other: Header | undefined, problems: string[]): Gpt {
  const { sectorSize, id, count, entryBytes, lba } = header
  const own = readEntries(disk, header)
  const second = other && readEntries(disk, other)
  if (!own.sound) problems.push('The list of partitions does not fit its checksum.')
  if (second && !second.sound) problems.push('The list of partitions in the backup does not fit its checksum.')
  else if (second && own.sound && (other.entriesCrc !== header.entriesCrc || other.count !== count))
    problems.push('The partition table and its backup differ.')
  if (own.cut) problems.push(`The partition table claims ${count} entries; only the first ones were looked at.`)
  const entries = !own.sound && second?.sound ? second : own
  const partitions = partitionsOf(entries, problems)
  for (const { index, first, sectors } of partitions)
    if (lba === 1 && (first < header.firstUsable || first + sectors - 1 > header.lastUsable))
      problems.push(`Partition ${index} lies outside of the room that the table has for partitions.`)
  const bytes = Math.min(count * entryBytes, MOST_ENTRY_BYTES)
  return { sectorSize, id, partitions, reserve: sectorSize + Math.ceil(bytes / sectorSize) * sectorSize }
}

interface Entries {
  bytes: DataView
  entryBytes: number
  sound: boolean
  /** not all were looked at, so that the checksum is not known to be wrong */
  cut: boolean
}

function readEntries(disk: GuestBytes, { entries, count, entryBytes, entriesCrc, sectorSize }: Header): Entries {
  const claimed = count * entryBytes
  const start = entries * sectorSize
  const there = Number.isSafeInteger(start) ? Math.max(0, disk.size - start) : 0
  const length = Math.min(claimed, MOST_ENTRY_BYTES, there)
  const bytes = peek(disk, start, length) ?? new DataView(new ArrayBuffer(0))
  const cut = claimed > MOST_ENTRY_BYTES
  const sound = cut || (length === claimed && crc32(new Uint8Array(bytes.buffer)) === entriesCrc)
  return { bytes, entryBytes, sound, cut }
}

function partitionsOf({ bytes, entryBytes }: Entries, problems: string[]): GptPartition[] {
  const found: GptPartition[] = []
  if (entryBytes < SMALLEST_ENTRY) return found
  for (let at = 0; at + entryBytes <= bytes.byteLength; at += entryBytes) {
    const type = guidIn(bytes, at)
    if (type === NOBODY) continue
    if (found.length === MOST_PARTITIONS) {
      problems.push(`The table lists more than ${MOST_PARTITIONS} partitions; the others were not looked at.`)
      break
    }
    const index = at / entryBytes + 1
    const first = getU64le(bytes, at + 32)
    const last = getU64le(bytes, at + 40)
    if (!Number.isSafeInteger(last * 4096) || last < first) {
      problems.push(`Partition ${index} is left out: it begins at sector ${first} and ends at sector ${last}.`)
      continue
    }
    const label = wideTextIn(bytes, at + 56, 36)
    const active = (bytes.getUint8(at + 48) & LEGACY_BOOTABLE) !== 0
    found.push({ index, type, uuid: guidIn(bytes, at + 16), first, sectors: last - first + 1, active, ...(label && { label }) })
  }
  return found
}
