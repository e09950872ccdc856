import { StrataError } from '../../../shared/errors.ts'
import { viewOf } from '../../base/bytes.ts'
import { alignDown } from '../../base/ints.ts'
import type { Job } from '../../base/job.ts'
import { readPadded } from '../../io/storage.ts'
import { decodeL2, hostOf, kindOf, l1Fault, type L2Entry, putL2 } from './entry.ts'
import type { Image } from './image.ts'
import type { Root } from './mapping.ts'
import { writeZeros } from './write-zeros.ts'

/** Bytes of L2 tables that are changed before they are written together. */
const BATCH_BYTES = 8 * 2 ** 20

/** An L2 table and the guest offset of its first entry. */
interface Table {
  at: number
  guest: number
}

/**
 * Turns every cluster that is flagged as zero into a hole where nothing lies below, else into written zeros, in the active state and in every
 * snapshot: version 2 has no such flag. What the guest sees stays the same at every step, so that stopping or a power cut costs at most
 * leaked clusters. `job` is looked at between tables.
 */
export function expandZeros(image: Image, job: Job): void {
  image.touch()
  image.flush()
  const changed: { at: number; bytes: Uint8Array; freed: number[] }[] = []
  const publish = (): void =>
    image.alter(() => {
      image.refcounts.writeDirty()
      image.storage.flush()
      for (const { at, bytes } of changed) image.storage.writeAt(at, bytes)
      image.storage.flush()
      for (const { freed } of changed) for (const host of freed) image.allocator.free(host, image.geometry.clusterSize)
      changed.length = 0
      image.flush()
    })
  try {
    const tables = allTables(image)
    tables.forEach((table, i) => {
      job.checkpoint()
      job.report({ phase: 'Writing zeros out', done: i, total: tables.length })
      const bytes = new Uint8Array(image.geometry.clusterSize)
      readPadded(image.storage, table.at, bytes)
      const freed: number[] = []
      if (expandTable(image, table, viewOf(bytes), freed)) changed.push({ at: table.at, bytes, freed })
      if ((changed.length + 1) * bytes.length > BATCH_BYTES) publish()
    })
    publish()
  } catch (error) {
    // Stopped, what is ready is published. Failed, it is not: nothing in the file points there, and nothing is given back.
    if (error instanceof StrataError && error.code === 'CANCELLED') publish()
    throw error
  } finally {
    image.mapping.reload()
    image.generation++
  }
}

/** The L2 tables of the active map and of all snapshots, each once, in file order. */
function allTables({ storage, geometry, header, snapshotTable }: Image): Table[] {
  const found = new Map<number, Table>()
  for (const { l1Offset, l1Size } of [header as Root, ...snapshotTable.snapshots]) {
    const bytes = new Uint8Array(l1Size * 8)
    readPadded(storage, l1Offset, bytes)
    const l1 = viewOf(bytes)
    for (let i = 0; i < l1Size; i++) {
      const high = l1.getUint32(i * 8)
      const low = l1.getUint32(i * 8 + 4)
      const at = hostOf(high, low)
      if (at === 0) continue
      const fault = l1Fault(high, low, geometry) ?? (at >= storage.size ? 'the L2 table lies past the end of the file' : undefined)
      if (fault !== undefined)
        throw new StrataError(
          'CORRUPT',
          `An entry of the cluster map is impossible: ${fault}`,
          { path: storage.path, offset: l1Offset + i * 8, field: `l1[${i}]` },
          'Run Check on this image.',
        )
      found.set(at, { at, guest: i * geometry.l2Reach })
    }
  }
  return [...found.values()].sort((a, b) => a.at - b.at)
}

/** Changes the zero entries of one table; answers whether there were any. `freed` gets the clusters that it points at no more. */
function expandTable(image: Image, table: Table, view: DataView, freed: number[]): boolean {
  const { geometry } = image
  let changed = false
  for (let at = 0; at < geometry.clusterSize; at += 8) {
    const high = view.getUint32(at)
    const low = view.getUint32(at + 4)
    if (kindOf(high, low, false) !== 'zero') continue
    const old = decodeL2(high, low, geometry)
    if (old.is !== 'zero') continue
    putL2(view, at, expanded(image, table, old, table.guest + (at / 8) * geometry.clusterSize, freed), geometry)
    changed = true
  }
  return changed
}

/** What stands for a zero entry in a table; each user of the table counts for the cluster, too. */
function expanded(image: Image, table: Table, { host }: Extract<L2Entry, { is: 'zero' }>, guest: number, freed: number[]): L2Entry {
  const { refcounts, geometry, allocator, header } = image
  const { clusterSize } = geometry
  const users = refcounts.get(table.at / clusterSize)
  if (users < 1)
    throw new StrataError(
      'CORRUPT',
      'An L2 table is in use, and its reference count is 0',
      { path: image.storage.path, offset: table.at, field: 'reference count' },
      'Run Check on this image.',
    )
  if (host !== undefined && refcounts.get(host / clusterSize) === users && host % clusterSize === 0) {
    image.metadata.assertApart(alignDown(host, clusterSize), clusterSize)
    return written(image, guest, host, users)
  }
  if (host !== undefined) for (let i = 0; i < users; i++) freed.push(host)
  if (!header.backing) return { is: 'hole' }
  const at = allocator.allocate(1)
  for (let i = 1; i < users; i++)
    if (!allocator.share(at))
      throw new StrataError('UNSUPPORTED', 'A cluster would be shared more often than can be counted', { path: image.storage.path })
  return written(image, guest, at, users)
}

/** Writes zeros to a cluster that nobody reads. */
function written(image: Image, guest: number, host: number, users: number): L2Entry {
  const sealed = image.sealedAt(guest, host)
  writeZeros({ storage: image.storage, at: host, length: image.geometry.clusterSize, ...(sealed && { sealed }) })
  return { is: 'data', host, exclusive: users === 1 }
}
