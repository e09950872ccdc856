import zlib from 'node:zlib'
import type { Codec } from './codec.ts'
import { outputSize } from './deflate-options.ts'
import { unpackFrames, USUAL_LEVEL } from './zstd-frame.ts'

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
      unpackFrames(packed, into, ({ bytes }, most) =>
        // With one byte to spare the end of the frame is seen without a second buffer.
        zstdDecompressSync(bytes, { maxOutputLength: most, chunkSize: outputSize(most + 1) }),
      )
    },
  }
}

/** zstd as fast as the runtime has it: Node 24 brings it, some others do not. */
export const nativeZstd: Codec = zstdOf(zlib) ?? (await import('./zstd.portable.ts')).portableZstd
