import { StrataError } from '../../../shared/errors.ts'
import { alignUp } from '../../base/ints.ts'
import type { Storage } from '../../io/storage.ts'
import type { Geometry } from './geometry.ts'
import type { Header } from './header.ts'
import type { Refcounts } from './refcounts.ts'
import type { SnapshotTable } from './snapshots.ts'

/** A piece of the image's own structure: host bytes `[at, end)`, on cluster borders. */
interface Piece {
  name: string
  at: number
  end: number
}

/**
 * Where the image's own structure lies in the file. In a sound image nothing else is ever written there; in a damaged one a count of zero,
 * or an entry that points at structure, would lead a writer over it and cost the whole disk. So every writer asks here first.
 */
export class Metadata {
  readonly #storage: Storage
  readonly #geometry: Geometry
  readonly #header: Header
  readonly #refcounts: Refcounts
  /** what does not move while the image is open */
  readonly #fixed: Piece[]

  constructor(storage: Storage, geometry: Geometry, header: Header, refcounts: Refcounts, { snapshots, bytes }: SnapshotTable) {
    this.#storage = storage
    this.#geometry = geometry
    this.#header = header
    this.#refcounts = refcounts
    this.#fixed = [
      this.#piece('the header', 0, geometry.clusterSize),
      this.#piece('the snapshot table', header.snapshotsOffset, bytes),
      ...snapshots.map(({ l1Offset, l1Size }) => this.#piece("a snapshot's L1 table", l1Offset, l1Size * 8)),
    ]
  }

  /** Throws `CORRUPT` when host bytes `[at, at + length)` touch structure; L2 tables are for the mapping to know. */
  assertApart(at: number, length: number): void {
    for (const piece of this.#fixed) this.#assertOutside(piece, at, length)
    for (const piece of this.#moving()) this.#assertOutside(piece, at, length)
    const { clusterSize } = this.#geometry
    for (let start = at - (at % clusterSize); start < at + length; start += clusterSize)
      if (this.#refcounts.isBlock(start)) throw writtenOver(this.#storage.path, 'a reference count block', start)
  }

  /** Throws `CORRUPT` when parts of the structure lie over each other, so that writing one would destroy the other. */
  assertSound(): void {
    const { clusterSize } = this.#geometry
    const blocks = [...this.#refcounts.table].filter((at) => at !== 0).map((at) => this.#piece('a reference count block', at, clusterSize))
    const pieces = [...this.#fixed, ...this.#moving(), ...blocks].filter(({ at, end }) => end > at).sort((a, b) => a.at - b.at)
    pieces.reduce((before, piece) => {
      if (piece.at < before.end) throw writtenOver(this.#storage.path, `${before.name} (${piece.name} lies there too)`, piece.at)
      return piece
    })
  }

  #moving(): Piece[] {
    const { l1Offset, l1Size, refcountTableOffset, refcountTableClusters } = this.#header
    return [
      this.#piece('the L1 table', l1Offset, l1Size * 8),
      this.#piece('the reference count table', refcountTableOffset, refcountTableClusters * this.#geometry.clusterSize),
    ]
  }

  #piece(name: string, at: number, length: number): Piece {
    return { name, at, end: alignUp(at + length, this.#geometry.clusterSize) }
  }

  #assertOutside({ name, at, end }: Piece, from: number, length: number): void {
    if (from < end && from + length > at) throw writtenOver(this.#storage.path, name, Math.max(from, at))
  }
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
