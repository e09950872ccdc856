import zlib from 'node:zlib'
import type { Codec } from './codec.ts'
import { outputSize } from './deflate-options.ts'
import { unpackFrames, USUAL_LEVEL } from './zstd-frame.ts'

/** Bytes of the buffers for a frame that does not tell its size, which may be tiny. */
const UNTOLD = 65536

/** zstd by Node's zlib, or undefined where that has none. */
export function zstdOf({ zstdCompressSync, zstdDecompressSync, constants }: Partial<typeof zlib>): Codec | undefined {
  if (!zstdCompressSync || !zstdDecompressSync || !constants) return undefined
  return {
    name: 'zstd',

    pack(plain, level = USUAL_LEVEL) {
      const params = { [constants.ZSTD_c_compressionLevel]: level }
      const packed = zstdCompressSync(plain, { params, chunkSize: outputSize(plain.length) })
      return packed.length < plain.length ? packed : undefined
    },

    unpack(packed, into) {
      unpackFrames(packed, into, ({ bytes, contentSize }, most) => {
        // With one byte to spare the end of the frame is seen without a second buffer.
        const chunkSize = outputSize((contentSize ?? Math.min(most, UNTOLD)) + 1)
        return zstdDecompressSync(bytes, { maxOutputLength: most, chunkSize })
      })
    },
  }
}

/** zstd as fast as the runtime has it: Node 24 brings it, some others do not. */
export const nativeZstd: Codec = zstdOf(zlib) ?? (await import('./zstd.portable.ts')).portableZstd
