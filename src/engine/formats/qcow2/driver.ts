import type { DiskInfo, Qcow2Details } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import type { Job } from '../../base/job.ts'
import type { Codec } from '../../codec/codec.ts'
import type { OpenLuks } from '../../crypto/luks.ts'
import type {
  AmendFacet,
  BitmapFacet,
  CheckFacet,
  CompactFacet,
  DriverWriter,
  Extent,
  FormatDriver,
  KeyFacet,
  OpenParams,
  ResizeFacet,
  SnapshotFacet,
} from '../driver.ts'
import { amendFacet } from './amend.ts'
import { trackWrites } from './bitmap-tracker.ts'
import { bitmapFacet } from './bitmaps.ts'
import { checkFacet } from './check.ts'
import { compactFacet } from './compact.ts'
import { compressionTypeOf } from './compression.ts'
import { dataFileOf } from './data-file.ts'
import { empty } from './empty.ts'
import { describeEncryption, keyFacet } from './encryption.ts'
import { incompatibleName } from './extensions.ts'
import { GuestView } from './guest-view.ts'
import { type Header, readHeader } from './header.ts'
import { Image } from './image.ts'
import { AUTOCLEAR, COMPATIBLE, CRYPT, INCOMPATIBLE } from './layout.ts'
import { resizeFacet } from './resize.ts'
import { type Sealing, unlock } from './seal.ts'
import { isSparse } from './sparse.ts'
import { snapshotFacet } from './snapshot-facet.ts'
import { VmState } from './vm-state.ts'

/** An open qcow2 image. */
export class Qcow2Driver implements FormatDriver {
  readonly format = 'qcow2'
  readonly grain: number
  readonly packGrain?: number
  readonly codec?: Codec
  readonly writer?: DriverWriter
  readonly resize?: ResizeFacet
  readonly amend?: AmendFacet
  readonly check: CheckFacet
  readonly compact: CompactFacet
  readonly keys?: KeyFacet
  readonly snapshots: SnapshotFacet
  readonly vmState: FormatDriver
  readonly bitmaps: BitmapFacet
  readonly #image: Image
  readonly #view: GuestView
  readonly #luks: OpenLuks | undefined

  /** `sealing` is of an image that was unlocked already. */
  constructor(params: OpenParams, sealing?: Sealing) {
    const { storage, writable } = params
    const header = readHeader(storage)
    refuseUnknown(header, storage.path)
    if (writable) refuseWriting(header, storage.path)
    const { seal, luks } = sealing ?? unlock(header, params)
    this.#luks = luks
    const image = (this.#image = new Image(params, header, seal))
    this.#view = new GuestView(image, image.mapping)
    this.grain = image.geometry.subclusterSize
    // In a data file every byte has its place, so there is no room to gain; packed clusters are never encrypted, so an encrypted disk gets none.
    const packs = !image.geometry.external && header.cryptMethod === CRYPT.none
    if (packs) {
      this.packGrain = image.geometry.clusterSize
      this.codec = image.codec
    }
    this.snapshots = snapshotFacet(image, this)
    this.vmState = new VmState(image, this.#view, header, () => this.size, writable)
    this.check = checkFacet(image)
    this.compact = compactFacet(image, writable && ((change) => this.#guarded(change)))
    const tracker = writable ? trackWrites(image) : undefined
    image.tracker = tracker
    this.bitmaps = bitmapFacet(image, tracker)
    if (writable) {
      this.writer = {
        reserve: (at, length) => this.#guarded(() => image.reserve(at, length)),
        ...(packs && { writePacked: (at, packed) => this.#guarded(() => image.writePacked(at, packed)) }),
        zero: (at, length) => this.#guarded(() => image.zero(at, length)),
        discard: (at, length) => this.#guarded(() => image.discard(at, length)),
        // A raw data file is the disk, with nothing below it.
        ...(!image.raw && { empty: (job: Job) => this.#guarded(() => empty(image, job)) }),
        flush: () => image.flush(),
      }
      this.resize = resizeFacet(image)
      this.amend = amendFacet(image, this.bitmaps)
      if (luks) this.keys = keyFacet(image, luks, params.crypto)
    }
  }

  get size(): number {
    return this.#image.header.size
  }

  get backing(): { name: string; format?: string } | undefined {
    return this.#image.header.backing
  }

  describe(): Pick<DiskInfo, 'format' | 'virtualSize' | 'clusterSize' | 'dirty' | 'encrypted' | 'snapshots'> & { qcow2: Qcow2Details } {
    const { header, geometry, storage } = this.#image
    const has = (bit: bigint): boolean => (header.incompatible & bit) !== 0n
    const bitmaps = this.bitmaps.list()
    const encrypt = describeEncryption(header, storage)
    const dataFile = dataFileOf(header)
    return {
      format: 'qcow2',
      virtualSize: header.size,
      clusterSize: geometry.clusterSize,
      dirty: has(INCOMPATIBLE.dirty),
      encrypted: header.cryptMethod !== 0,
      snapshots: this.snapshots.list(),
      qcow2: {
        compat: header.version === 2 ? '0.10' : '1.1',
        compressionType: compressionTypeOf(header),
        lazyRefcounts: (header.compatible & COMPATIBLE.lazyRefcounts) !== 0n,
        refcountBits: geometry.refcountBits,
        corrupt: has(INCOMPATIBLE.corrupt),
        dirty: has(INCOMPATIBLE.dirty),
        extendedL2: geometry.extendedL2,
        ...(bitmaps.length > 0 && { bitmaps }),
        ...(encrypt && { encrypt }),
        ...(geometry.external && { dataFileRaw: (header.autoclear & AUTOCLEAR.rawDataFile) !== 0n }),
        ...(dataFile !== undefined && { dataFile }),
        fileLength: storage.size,
      },
    }
  }

  locate(at: number, max: number): Extent {
    return this.#view.locate(at, Math.min(max, this.size - at))
  }

  isSparse(allocated: number): boolean {
    return isSparse(this.#image, allocated)
  }

  readPacked(at: number, into: Uint8Array): void {
    this.#view.readPacked(at, into)
  }

  /** An image that a write found damaged says so from then on, so that nobody makes it worse (section "Header", corrupt bit). */
  #guarded<T>(write: () => T): T {
    try {
      return write()
    } catch (error) {
      if (error instanceof StrataError && error.code === 'CORRUPT') this.#image.setIncompatible('corrupt', true)
      throw error
    }
  }

  close(): void {
    this.#luks?.masterKey.fill(0)
    this.#image.close()
  }
}

/** Refuses, by name, what this engine cannot read rightly. */
function refuseUnknown(header: Header, path: string): void {
  const refuse = (feature: string, offset: number, field: string): never => {
    throw new StrataError(
      'UNSUPPORTED',
      `This image uses "${feature}", which Strata does not have yet`,
      { path, offset, field },
      'Convert it with qemu-img first.',
    )
  }
  const readable = INCOMPATIBLE.dirty | INCOMPATIBLE.corrupt | INCOMPATIBLE.dataFile | INCOMPATIBLE.compression | INCOMPATIBLE.extendedL2
  for (let bit = 0; bit < 64; bit++)
    if (header.incompatible & ~readable & (1n << BigInt(bit))) refuse(incompatibleName(header.extensions, bit), 72, 'incompatible_features')
  if (header.cryptMethod > 2) refuse(`encryption method ${header.cryptMethod}`, 32, 'crypt_method')
}

function refuseWriting(header: Header, path: string): void {
  const where = { path, offset: 72, field: 'incompatible_features' }
  if (header.incompatible & INCOMPATIBLE.corrupt)
    throw new StrataError(
      'READ_ONLY',
      'This image is marked as damaged and may not be written',
      where,
      'Run Check; repair it before you change it.',
    )
  if (header.incompatible & INCOMPATIBLE.dirty)
    throw new StrataError(
      'READ_ONLY',
      'This image was not closed cleanly, and could not be mended for writing',
      where,
      'Run Check to see what is wrong with it.',
    )
}
