import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Codec } from './codec.ts'
import { outputSize, PACK_OPTIONS, UNPACK_WINDOW_BITS } from './deflate-options.ts'
import { portableDeflate } from './deflate.portable.ts'

/** Deflate by Node's zlib. */
export const nativeDeflate: Codec = {
  name: 'deflate',

  pack(plain, level) {
    // One output buffer holds whatever is worth keeping.
    const packed = deflateRawSync(plain, { ...PACK_OPTIONS, chunkSize: outputSize(plain.length), ...(level !== undefined && { level }) })
    return packed.length < plain.length ? packed : undefined
  },

  unpack(packed, into) {
    const plain = inflated(packed, into.length)
    if (plain?.length === into.length) into.set(plain)
    // zlib's one-call form gives nothing at all of a stream that is longer than asked, or damaged further on.
    else portableDeflate.unpack(packed, into)
  },
}

/** What the stream gives, if it is whole and gives at most `most` bytes; a longer one is stopped after at most twice as many. */
function inflated(packed: Uint8Array, most: number): Uint8Array | undefined {
  try {
    // With one byte to spare the end of the stream is seen without a second buffer.
    return inflateRawSync(packed, { windowBits: UNPACK_WINDOW_BITS, maxOutputLength: most, chunkSize: outputSize(most + 1) })
  } catch {
    return undefined
  }
}
