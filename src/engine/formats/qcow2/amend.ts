import type { AmendChanges } from '../../../shared/requests.ts'
import { bytesOf } from '../../base/bytes.ts'
import type { Job } from '../../base/job.ts'
import type { AmendFacet, BitmapFacet } from '../driver.ts'
import { assertAmendable, versionAfter } from './amendable.ts'
import { expandZeros } from './expand-zeros.ts'
import { encodeExtensions, featureNameExtension } from './extensions.ts'
import { geometryOf } from './geometry.ts'
import { encodeHeader, type Header, shapeOf } from './header.ts'
import { rewriteHeader } from './header-rewrite.ts'
import type { Image } from './image.ts'
import { AUTOCLEAR, COMPATIBLE, EXTENSION } from './layout.ts'
import { changeRefcountWidth } from './refcount-width.ts'
import { completed } from './snapshot-rows.ts'
import { publishRows, rowsOf } from './snapshot-table.ts'

/** How the options of an image change. `bitmaps` are the image's: version 2 has none, and a downgrade removes them. */
export function amendFacet(image: Image, bitmaps: BitmapFacet): AmendFacet {
  return {
    assertAmendable: (changes) => assertAmendable(image, changes),
    amend: (changes, job) => amend(image, bitmaps, changes, job),
  }
}

/**
 * Each step is one that a power cut leaves done or not done, and what version 3 alone can hold comes while the image has it. Stopped, what was
 * done so far stays, and the image is whole.
 */
function amend(image: Image, bitmaps: BitmapFacet, changes: Omit<AmendChanges, 'size'>, job: Job): void {
  assertAmendable(image, changes)
  const { header } = image
  const version = versionAfter(header, changes)
  image.touch()
  image.flush()
  if (version > header.version) completeSnapshots(image)
  const renewed = amended(header, changes)
  if (renewed) publish(image, renewed)
  if (changes.refcountBits !== undefined) changeRefcountWidth(image, changes.refcountBits, job)
  if (version < header.version) downgrade(image, bitmaps, job)
}

/** The header with what one rewrite of it can change; undefined where that is nothing. Going down to version 2 needs more than that. */
function amended(header: Header, { compat, lazyRefcounts, backing, dataFile, dataFileRaw }: AmendChanges): Header | undefined {
  const next: Header = { ...header, extensions: [...header.extensions] }
  if (compat === '1.1' && header.version === 2) upgrade(next)
  if (lazyRefcounts !== undefined) next.compatible = withBit(next.compatible, COMPATIBLE.lazyRefcounts, lazyRefcounts)
  if (dataFileRaw !== undefined) next.autoclear = withBit(next.autoclear, AUTOCLEAR.rawDataFile, dataFileRaw)
  if (dataFile !== undefined)
    next.extensions = header.extensions.map((extension) =>
      extension.type === EXTENSION.dataFile ? { type: extension.type, data: bytesOf(dataFile) } : extension,
    )
  if (backing === null) delete next.backing
  else if (backing) next.backing = backing
  const before = encodeHeader(header, '')
  return encodeHeader(next, '').every((byte, i) => byte === before[i]) ? undefined : next
}

/** Version 3 demands of every snapshot what version 2 may leave out. */
function completeSnapshots(image: Image): void {
  if (image.snapshotTable.snapshots.every(({ diskSize }) => diskSize !== undefined)) return
  publishRows(
    image,
    rowsOf(image).map((row) => ({ ...row, extra: completed(row, image.header.size) })),
  )
  image.flush()
}

function upgrade(header: Header): void {
  header.version = 3
  const names = featureNameExtension()
  const room = 2 ** header.clusterBits / 4 // with the smallest clusters there is no room for the names, which are only a courtesy
  if (encodeExtensions([names]).length <= room) header.extensions.push(names)
}

function withBit(bits: bigint, bit: bigint, on: boolean): bigint {
  return on ? bits | bit : bits & ~bit
}

/** Writes a header of the same tables, and goes on with it. */
function publish(image: Image, next: Header): void {
  image.alter(() => rewriteHeader(image.storage, next))
  if (!next.backing) delete image.header.backing
  Object.assign(image.header, next)
  Object.assign(image.geometry, geometryOf(shapeOf(next)))
}

/** To version 2: what it has no word for must be gone before the header says so, in one write. */
function downgrade(image: Image, bitmaps: BitmapFacet, job: Job): void {
  const { header, refcounts, storage } = image
  expandZeros(image, job)
  for (const { name } of bitmaps.list()) bitmaps.remove(name)
  image.flush()
  refcounts.writeDirty() // from here on nothing says that counts may be stale
  storage.flush()
  const dropped: number[] = [EXTENSION.featureNames, EXTENSION.bitmaps]
  const extensions = header.extensions.filter(({ type }) => !dropped.includes(type))
  const none = { incompatible: 0n, compatible: 0n, autoclear: 0n, compressionType: 0, rest: new Uint8Array() }
  publish(image, { ...header, ...none, version: 2, extensions })
}
