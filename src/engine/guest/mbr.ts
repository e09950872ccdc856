import { type GuestBytes, peek } from './guest-bytes.ts'

/**
 * The master boot record and the chain of extended boot records, as the PC's BIOS and DOS made them; UEFI specification 2.10, section 5.2, says the
 * same of the first. Numbers are little-endian and count sectors.
 */
const SECTOR = 512
const SIGNATURE_AT = 510
const SIGNATURE = 0xaa55
const DISK_ID_AT = 440
const ENTRIES_AT = 446
const ENTRY_BYTES = 16
/** Logical partitions that are followed; nobody makes more, and a hostile chain could be as long as the disk. */
const MOST_LOGICAL = 256

export const PROTECTIVE = 0xee
const EXTENDED: readonly number[] = [0x05, 0x0f, 0x85]

/** One row of a boot record. `first` and `sectors` count sectors from where the record says they count. */
interface Row {
  active: boolean
  type: number
  first: number
  sectors: number
}

/** A partition of an MBR; `first` counts sectors from the start of the disk. */
export interface MbrPartition extends Row {
  index: number
  role: 'primary' | 'extended' | 'logical'
}

export interface Mbr {
  /** the disk's signature */
  id: number
  /** the four rows that are in use, by their places */
  primary: MbrPartition[]
}

/** The rows of a boot record; undefined where it has no signature, `impossible` where its rows can't be any. */
function rowsAt(disk: GuestBytes, at: number): { view: DataView; rows: Row[] } | 'impossible' | undefined {
  const view = peek(disk, at, SECTOR)
  if (view?.getUint16(SIGNATURE_AT, true) !== SIGNATURE) return undefined
  const rows: Row[] = []
  for (let entry = ENTRIES_AT; entry < SIGNATURE_AT; entry += ENTRY_BYTES) {
    const status = view.getUint8(entry)
    if ((status & 0x7f) !== 0) return 'impossible'
    const [type, first, sectors] = [view.getUint8(entry + 4), view.getUint32(entry + 8, true), view.getUint32(entry + 12, true)]
    rows.push({ active: status === 0x80, type, first, sectors })
  }
  return { view, rows }
}

const inUse = ({ type, sectors }: Row): boolean => type !== 0 && sectors !== 0

/** The master boot record; undefined where there is none, `impossible` where the first sector only ends as one. */
export function readMbr(disk: GuestBytes): Mbr | 'impossible' | undefined {
  const record = rowsAt(disk, 0)
  if (record === undefined || record === 'impossible') return record
  const primary = record.rows.flatMap((row, i): MbrPartition[] =>
    inUse(row) ? [{ ...row, index: i + 1, role: EXTENDED.includes(row.type) ? 'extended' : 'primary' }] : [],
  )
  return { id: record.view.getUint32(DISK_ID_AT, true), primary }
}

/** The logical partitions in the extended ones of `mbr`, in the order of their chains. What is wrong with a chain goes to `problems`, and ends it. */
export function readLogical(disk: GuestBytes, { primary }: Mbr, sectorSize: number, problems: string[]): MbrPartition[] {
  const found: MbrPartition[] = []
  for (const extended of primary.filter(({ role }) => role === 'extended')) {
    const seen = new Set<number>()
    const ends = (why: string): number =>
      problems.push(`The chain of logical partitions in partition ${extended.index} ends early: ${why}.`)
    for (let record: number | undefined = extended.first; record !== undefined;) {
      if (seen.has(record)) ends('it leads back to itself')
      else if (seen.size === MOST_LOGICAL) ends(`it is longer than ${MOST_LOGICAL}`)
      else {
        const next = readLink(disk, extended, record, sectorSize, found)
        if (typeof next === 'string') ends(next)
        else {
          seen.add(record)
          record = next
          continue
        }
      }
      break
    }
  }
  return found
}

/** Adds the partitions of one extended boot record; answers with the sector of the next one, undefined at the end, or what is wrong. */
function readLink(
  disk: GuestBytes,
  extended: MbrPartition,
  record: number,
  sectorSize: number,
  found: MbrPartition[],
): number | string | undefined {
  const read = rowsAt(disk, record * sectorSize)
  if (read === undefined || read === 'impossible') return `there is no boot record in sector ${record}`
  for (const row of read.rows) {
    if (!inUse(row) || EXTENDED.includes(row.type)) continue
    found.push({ ...row, first: record + row.first, index: 5 + found.length, role: 'logical' })
  }
  const link = read.rows.find((row) => inUse(row) && EXTENDED.includes(row.type))
  if (!link) return undefined
  // Links count from the extended partition, and partitions from their own record.
  return link.first < extended.sectors ? extended.first + link.first : 'it leads out of the extended partition'
}
