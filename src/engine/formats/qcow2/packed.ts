import { StrataError } from '../../../shared/errors.ts'
import type { Codec } from '../../codec/codec.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import type { Allocator } from './allocator.ts'
import { packedLimit } from './entry.ts'
import type { Geometry } from './geometry.ts'

const BUFFER_BYTES = 2 ** 20

/**
 * Compressed clusters in the file: streams laid one behind the other without regard to cluster borders, each host cluster counted once for
 * every stream that touches it. Small streams are gathered and written together.
 */
export class PackedClusters {
  readonly #storage: Storage
  readonly #geometry: Geometry
  readonly #allocator: Allocator
  readonly #codec: Codec
  /** host offset for the next stream, and the end of the host cluster it lies in; equal when there is no room begun */
  #cursor = 0
  #limit = 0
  /** what is gathered, and where it belongs; most images are opened without packing anything */
  #buffer: Uint8Array | undefined
  #bufferAt = 0
  #buffered = 0

  constructor(storage: Storage, geometry: Geometry, allocator: Allocator, codec: Codec) {
    this.#storage = storage
    this.#geometry = geometry
    this.#allocator = allocator
    this.#codec = codec
  }

  /** Unpacks the stream that lies within `[host, host + length)` into one whole cluster. */
  read(host: number, length: number, cluster: Uint8Array): void {
    this.flush()
    if (host >= this.#storage.size)
      throw new StrataError(
        'CORRUPT',
        'A compressed cluster lies past the end of the file',
        { path: this.#storage.path, offset: host, field: 'compressed cluster' },
        'The image may have been cut short by a copy.',
      )
    const stream = new Uint8Array(Math.min(length, this.#storage.size - host))
    readPadded(this.#storage, host, stream)
    try {
      this.#codec.unpack(stream, cluster)
    } catch (error) {
      throw error instanceof StrataError ? error.at({ path: this.#storage.path, offset: host, field: 'compressed cluster' }) : error
    }
  }

  /** Finds room for a stream shorter than a cluster, counts it, and takes its bytes; answers with its host offset. */
  append(stream: Uint8Array): number {
    const host = this.#room(stream.length)
    if (host + this.#geometry.clusterSize * 2 > packedLimit(this.#geometry))
      throw new StrataError('NO_SPACE', 'The image is too large for more compressed clusters', { path: this.#storage.path, offset: host })
    if (host !== this.#bufferAt + this.#buffered || this.#buffered + stream.length > BUFFER_BYTES) this.flush()
    if (this.#buffered === 0) this.#bufferAt = host
    if (stream.length > BUFFER_BYTES) this.#storage.writeAt(host, stream)
    else {
      this.#buffer ??= new Uint8Array(BUFFER_BYTES)
      this.#buffer.set(stream, this.#buffered)
      this.#buffered += stream.length
    }
    return host
  }

  #room(length: number): number {
    const { clusterSize } = this.#geometry
    const room = this.#limit - this.#cursor
    if (room >= length && this.#allocator.share(this.#cursor)) {
      this.#cursor += length
      return this.#cursor - length
    }
    const next = this.#allocator.allocate(1)
    const adjoins = room > 0 && room < length && next === this.#limit && this.#allocator.share(this.#cursor)
    const host = adjoins ? this.#cursor : next
    this.#cursor = host + length
    this.#limit = next + clusterSize
    return host
  }

  /**
   * Begins no further stream in a host cluster that has room left. To be called when counts went down: the cluster may have become
   * free, and soon be somebody else's.
   */
  leaveRoom(): void {
    this.flush()
    this.#cursor = this.#limit = 0
  }

  /** Hands what is gathered to the storage, and lets the file reach the end of its last host cluster. */
  flush(): void {
    if (this.#buffer && this.#buffered > 0) this.#storage.writeAt(this.#bufferAt, this.#buffer.subarray(0, this.#buffered))
    this.#buffered = 0
    if (this.#storage.size < this.#limit) this.#storage.truncate(this.#limit)
  }
}
