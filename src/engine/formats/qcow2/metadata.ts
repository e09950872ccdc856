import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { alignUp } from '../../base/ints.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import { OVERLAP_AREAS, type OverlapArea } from '../driver.ts'
import { hostOf } from './entry.ts'
import type { Geometry } from './geometry.ts'
import type { Header } from './header.ts'
import { AUTOCLEAR, BitmapsExtension, CRYPT, EXTENSION, LuksExtension } from './layout.ts'
import type { Refcounts } from './refcounts.ts'
import type { SnapshotTable } from './snapshots.ts'

/** A piece of the image's own structure: host bytes `[at, end)`, on cluster borders. */
interface Piece {
  name: string
  at: number
  end: number
}

/** What keeps writers off by default: everything that is known without reading the map of every snapshot. */
const GUARDED: ReadonlySet<OverlapArea> = new Set(OVERLAP_AREAS.filter((area) => area !== 'inactive-l2'))

/** What the guard looks at. */
export interface Guarded {
  storage: Storage
  geometry: Geometry
  header: Header
  refcounts: Refcounts
  /** the snapshot table as it stands now */
  snapshotTable: () => SnapshotTable
}

/**
 * Where the image's own structure lies in the file. In a sound image nothing else is ever written there; in a damaged one a count of zero,
 * or an entry that points at structure, would lead a writer over it and cost the whole disk. So every writer asks here first. L2 tables of
 * the active map are for the mapping to know.
 */
export class Metadata {
  readonly #image: Guarded
  readonly areas: ReadonlySet<OverlapArea>
  /** the pieces that move only when somebody says so */
  #fixed: Piece[]
  /** L2 tables of snapshots; read when first asked for */
  #inactive: Set<number> | undefined

  /** `areas` are those that writers are kept off. */
  constructor(image: Guarded, areas: ReadonlySet<OverlapArea> = GUARDED) {
    this.#image = image
    this.areas = areas
    this.#fixed = this.#listFixed()
  }

  /** To be called when the snapshot table or the bitmap directory moved. */
  renew(): void {
    this.#fixed = this.#listFixed()
    this.#inactive = undefined
  }

  /** Throws `CORRUPT` when host bytes `[at, at + length)` touch structure. */
  assertApart(at: number, length: number): void {
    for (const piece of this.#fixed) this.#assertOutside(piece, at, length)
    for (const piece of this.#moving()) this.#assertOutside(piece, at, length)
    const { refcounts, storage, geometry } = this.#image
    const blocks = this.areas.has('refcount-block')
    const inactive = this.areas.has('inactive-l2') ? (this.#inactive ??= this.#listInactive()) : undefined
    if (!blocks && !inactive) return
    for (let start = at - (at % geometry.clusterSize); start < at + length; start += geometry.clusterSize) {
      if (blocks && refcounts.isBlock(start)) throw writtenOver(storage.path, 'a reference count block', start)
      if (inactive?.has(start)) throw writtenOver(storage.path, "a snapshot's L2 table", start)
    }
  }

  /** Throws `CORRUPT` when parts of the structure lie over each other, so that writing one would destroy the other. */
  assertSound(): void {
    const { refcounts, storage, geometry } = this.#image
    const blocks = [...refcounts.table]
      .filter((at) => at !== 0 && this.areas.has('refcount-block'))
      .map((at) => this.#piece('a reference count block', at, geometry.clusterSize))
    const pieces = [...this.#fixed, ...this.#moving(), ...blocks].filter(({ at, end }) => end > at).sort((a, b) => a.at - b.at)
    for (const [i, piece] of pieces.entries()) {
      const before = pieces[i - 1]
      if (before && piece.at < before.end) throw writtenOver(storage.path, `${before.name} (${piece.name} lies there too)`, piece.at)
    }
  }

  #listFixed(): Piece[] {
    const { header, geometry, snapshotTable } = this.#image
    const { snapshots, bytes } = snapshotTable()
    const { areas } = this
    const pieces: Piece[] = []
    if (areas.has('main-header')) pieces.push(this.#piece('the header', 0, geometry.clusterSize))
    const luks = areas.has('main-header') ? encryptionHeader(header) : undefined
    if (luks) pieces.push(this.#piece('the encryption header', luks.at, luks.length))
    if (areas.has('snapshot-table')) pieces.push(this.#piece('the snapshot table', header.snapshotsOffset, bytes))
    if (areas.has('inactive-l1'))
      pieces.push(...snapshots.map(({ l1Offset, l1Size }) => this.#piece("a snapshot's L1 table", l1Offset, l1Size * 8)))
    const directory = areas.has('bitmap-directory') ? bitmapDirectory(header) : undefined
    if (directory) pieces.push(this.#piece('the bitmap directory', directory.at, directory.length))
    return pieces
  }

  #moving(): Piece[] {
    const { l1Offset, l1Size, refcountTableOffset, refcountTableClusters } = this.#image.header
    const pieces: Piece[] = []
    if (this.areas.has('active-l1')) pieces.push(this.#piece('the L1 table', l1Offset, l1Size * 8))
    if (this.areas.has('refcount-table'))
      pieces.push(this.#piece('the reference count table', refcountTableOffset, refcountTableClusters * this.#image.geometry.clusterSize))
    return pieces
  }

  #listInactive(): Set<number> {
    const { storage, snapshotTable } = this.#image
    const tables = new Set<number>()
    for (const { l1Offset, l1Size } of snapshotTable().snapshots) {
      const bytes = new Uint8Array(l1Size * 8)
      readPadded(storage, l1Offset, bytes)
      const l1 = viewOf(bytes)
      for (let at = 0; at < bytes.length; at += 8) tables.add(hostOf(l1.getUint32(at), l1.getUint32(at + 4)))
    }
    tables.delete(0)
    return tables
  }

  #piece(name: string, at: number, length: number): Piece {
    return { name, at, end: alignUp(at + length, this.#image.geometry.clusterSize) }
  }

  #assertOutside({ name, at, end }: Piece, from: number, length: number): void {
    if (from < end && from + length > at) throw writtenOver(this.#image.storage.path, name, Math.max(from, at))
  }
}

/** Where the header says that the bitmap directory lies. */
function bitmapDirectory(header: Header): { at: number; length: number } | undefined {
  const data = header.extensions.find(({ type }) => type === EXTENSION.bitmaps)?.data
  if (data?.length !== BitmapsExtension.size || (header.autoclear & AUTOCLEAR.bitmaps) === 0n) return undefined
  const { directoryOffset, directorySize } = BitmapsExtension.decode(data, {})
  return { at: directoryOffset, length: directorySize }
}

/** Where the header says that the LUKS header and its key slots lie. */
function encryptionHeader({ cryptMethod, extensions }: Header): { at: number; length: number } | undefined {
  const data = extensions.find(({ type }) => type === EXTENSION.luks)?.data
  if (cryptMethod !== CRYPT.luks || data?.length !== LuksExtension.size) return undefined
  const { offset, length } = LuksExtension.decode(data, {})
  return { at: offset, length }
}

/** The error that keeps a writer off structure. */
export function writtenOver(path: string, name: string, offset: number): StrataError {
  return new StrataError(
    'CORRUPT',
    `The image is damaged: writing would destroy ${name}`,
    { path, offset, field: 'host cluster' },
    'Run Check on this image, and copy its content to a new one.',
  )
}
