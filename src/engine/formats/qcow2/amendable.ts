import type { AmendChanges } from '../../../shared/requests.ts'
import { type ErrorCode, StrataError } from '../../../shared/errors.ts'
import { bytesOf } from '../../base/bytes.ts'
import { isPowerOfTwo } from '../../base/ints.ts'
import { assertSize } from './size-limits.ts'
import { encodeHeader, type Header } from './header.ts'
import type { Image } from './image.ts'
import { COMPATIBLE, EXTENSION, INCOMPATIBLE } from './layout.ts'
import { assertCountsFit } from './refcount-width.ts'

/** Largest machine state, in bytes, of a snapshot that says so in 32 bits. */
const MAX_SHORT_STATE = 2 ** 32 - 1

/** The version that an image has after the changes. */
export function versionAfter(header: Header, { compat }: AmendChanges): 2 | 3 {
  return compat === undefined ? header.version : compat === '0.10' ? 2 : 3
}

/** Throws what of the changes this image cannot have, in qemu-img's words where it has some. */
export function assertAmendable(image: Image, changes: AmendChanges): void {
  const { header, geometry, storage } = image
  const refuse = (message: string, field: string, code: ErrorCode = 'INVALID_ARGUMENT', hint?: string): never => {
    throw new StrataError(code, message, { path: storage.path, field }, hint)
  }
  const version = versionAfter(header, changes)
  const meanwhile = Math.max(version, header.version)
  const lazy = (header.compatible & COMPATIBLE.lazyRefcounts) !== 0n
  if (changes.lazyRefcounts && version === 2 && !lazy)
    refuse('Lazy refcounts only supported with compatibility level 1.1 and above (use compat=1.1 or greater)', 'lazy_refcounts')
  assertWidth(changes.refcountBits, version, geometry.refcountBits, refuse)
  if (changes.refcountBits !== undefined) assertCountsFit(image, changes.refcountBits)
  assertDataFileChanges(image, changes, refuse)
  if (changes.backing && geometry.external && (changes.dataFileRaw ?? image.raw))
    refuse('Backing file and data-file-raw cannot be used at the same time', 'backing_file')
  if (changes.backing?.name === '') refuse('The backing file needs a name', 'backing_file')
  if (changes.backing) encodeHeader({ ...header, backing: changes.backing }, storage.path)
  if (changes.size !== undefined) {
    assertSize(geometry, changes.size, storage.path)
    if (meanwhile === 2 && header.snapshotCount > 0 && changes.size !== header.size)
      refuse("Can't resize a v2 image which has snapshots", 'size', 'UNSUPPORTED', 'Change it to compat 1.1 first.')
  }
  if (version < header.version) assertDowngradable(image, changes.size ?? header.size, refuse)
}

type Refuse = (message: string, field: string, code?: ErrorCode, hint?: string) => never

function assertWidth(bits: number | undefined, version: 2 | 3, present: number, refuse: Refuse): void {
  if (bits !== undefined && (!isPowerOfTwo(bits) || bits > 64))
    refuse('Refcount width must be a power of two and may not exceed 64 bits', 'refcount_bits')
  if (version === 3 || (bits ?? present) === 16) return
  refuse(
    bits === undefined
      ? 'compat=0.10 requires refcount_bits=16'
      : 'Refcount widths other than 16 bits require compatibility level 1.1 or above (use compat=1.1 or greater)',
    'refcount_bits',
  )
}

function assertDataFileChanges(image: Image, { dataFile, dataFileRaw }: AmendChanges, refuse: Refuse): void {
  const { header, geometry, storage } = image
  if (dataFile !== undefined) {
    if (!geometry.external) refuse('data-file can only be set for images that use an external data file', 'data_file')
    if (dataFile === '') refuse('The data file needs a name', 'data_file')
    const extensions = header.extensions.filter(({ type }) => type !== EXTENSION.dataFile)
    encodeHeader({ ...header, extensions: [...extensions, { type: EXTENSION.dataFile, data: bytesOf(dataFile) }] }, storage.path)
  }
  if (dataFileRaw && !image.raw) refuse('data-file-raw cannot be set on existing images', 'data_file_raw')
}

/** Throws for what version 2 has no place for, and cannot be left out. */
function assertDowngradable({ header, geometry, snapshotTable }: Image, size: number, refuse: Refuse): void {
  const field = 'compat'
  if (geometry.external) refuse('Cannot downgrade an image with a data file', field, 'UNSUPPORTED')
  if (header.incompatible & INCOMPATIBLE.extendedL2)
    refuse('Cannot downgrade an image with incompatible features 0x10 set', field, 'UNSUPPORTED')
  if (header.compressionType !== 0)
    refuse('Cannot downgrade an image with compression type zstd', field, 'UNSUPPORTED', 'Convert it to a new image.')
  const odd = snapshotTable.snapshots.some(({ vmStateSize, diskSize = header.size }) => vmStateSize > MAX_SHORT_STATE || diskSize !== size)
  if (odd) refuse('Internal snapshots prevent downgrade of image', field, 'UNSUPPORTED', 'Delete the snapshots of another size first.')
}
