import { StrataError } from '../../../shared/errors.ts'
import type { Extent } from '../driver.ts'
import type { Image } from './image.ts'
import { type Mapping, NO_HOST } from './mapping.ts'

/** Guest bytes as one map of an image gives them: the active one, or a snapshot's. */
export class GuestView {
  readonly #image: Image
  readonly #mapping: Mapping
  /** the cluster unpacked last, its guest offset, and how often the image had changed by then */
  readonly #unpacked = { at: -1, generation: 0, bytes: undefined as Uint8Array | undefined }

  constructor(image: Image, mapping: Mapping) {
    this.#image = image
    this.#mapping = mapping
  }

  /** See `FormatDriver.locate`. */
  locate(at: number, max: number): Extent {
    const run = this.#mapping.run(at, max)
    switch (run.kind) {
      case 'hole':
      case 'zero': {
        const kind = run.kind === 'hole' ? 'below' : 'zero'
        if (run.host === NO_HOST) return { kind, length: run.length }
        return { kind, length: run.length, room: { storage: this.#image.data, at: run.host } }
      }
      case 'packed':
        return { kind: 'packed', length: run.length }
      case 'data': {
        const sealed = this.#image.sealedAt(at, run.host)
        return { kind: 'data', length: run.length, storage: this.#image.data, at: run.host, ...(sealed && { sealed }) }
      }
    }
  }

  /** See `FormatDriver.readPacked`. */
  readPacked(at: number, into: Uint8Array): void {
    const image = this.#image
    const unpacked = this.#unpacked
    const { clusterSize } = image.geometry
    const start = at - (at % clusterSize)
    const held = unpacked.at === start && unpacked.generation === image.generation
    const whole = into.length === clusterSize
    if (held && unpacked.bytes) return into.set(unpacked.bytes.subarray(at - start, at - start + into.length))
    const entry = this.#mapping.entry(at)
    if (entry.is !== 'packed') throw new StrataError('BUG', 'A cluster that is not packed was to be unpacked', { path: image.storage.path })
    if (whole) return image.packed.read(entry.host, entry.length, into)
    const bytes = (unpacked.bytes ??= new Uint8Array(clusterSize))
    unpacked.at = -1
    image.packed.read(entry.host, entry.length, bytes)
    unpacked.at = start
    unpacked.generation = image.generation
    into.set(bytes.subarray(at - start, at - start + into.length))
  }
}
