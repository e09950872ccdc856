import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { StrataError } from '../../shared/errors.ts'
import type { Codec } from './codec.ts'

/**
 * Raw deflate by Node's zlib. Written with a 12-bit window, as QEMU does and strict readers need; read with 15 bits, as other writers
 * may have used (section "Compressed Clusters").
 */
export const nativeDeflate: Codec = {
  name: 'deflate',

  pack(plain) {
    // A chunk for all the output: zlib's own growing would copy it again and again.
    const packed = deflateRawSync(plain, { windowBits: 12, memLevel: 9, chunkSize: Math.max(64, plain.length + 64) })
    return packed.length < plain.length ? packed : undefined
  },

  unpack(packed, into) {
    let out: Uint8Array
    try {
      // The stream may be followed by anything, and its last sector may be cut: taking what comes, up to one cluster, answers both.
      out = inflateRawSync(packed, { windowBits: 15, chunkSize: Math.max(64, into.length + 1), finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: into.length + 1 })
    } catch (cause) {
      throw damaged(cause)
    }
    if (out.length < into.length) throw damaged(undefined)
    into.set(out.subarray(0, into.length))
  },
}

function damaged(cause: unknown): StrataError {
  return new StrataError('CORRUPT', 'A compressed cluster cannot be unpacked', {}, 'Its data is lost unless the image is restored from a copy.', cause)
}
