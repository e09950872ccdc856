import { deflateRaw, Z_BUF_ERROR, Z_FINISH, Z_OK, Z_STREAM_END, zlibInflate, zlibInflateEnd, zlibInflateInit2, ZStream } from 'pako'
import { StrataError } from '../../shared/errors.ts'
import type { Codec } from './codec.ts'
import { outputSize, PACK_OPTIONS, UNPACK_WINDOW_BITS } from './deflate-options.ts'

/** Deflate in JavaScript, for where there is no native one; and the judge of streams that the native one can't take. */
export const portableDeflate: Codec = {
  name: 'deflate',

  pack(plain, level) {
    const packed = deflateRaw(plain, { ...PACK_OPTIONS, chunkSize: outputSize(plain.length), ...(level !== undefined && { level }) })
    return packed.length < plain.length ? packed : undefined
  },

  unpack(packed, into) {
    const stream = new ZStream()
    // Output goes straight into the caller's bytes, so that there is nowhere to put more than they hold.
    const output = into as Uint8Array<ArrayBuffer>
    if (zlibInflateInit2(stream, -UNPACK_WINDOW_BITS) !== Z_OK) throw corrupt('the stream cannot be read')
    Object.assign(stream, { input: packed, next_in: 0, avail_in: packed.length, output, next_out: 0, avail_out: into.length })
    const status = zlibInflate(stream, Z_FINISH)
    zlibInflateEnd(stream)
    if (stream.total_out === into.length && (status === Z_STREAM_END || status === Z_BUF_ERROR || status === Z_OK)) return
    throw corrupt(stream.msg || `it ends after ${stream.total_out} of ${into.length} bytes`)
  },
}

function corrupt(detail: string): StrataError {
  return new StrataError('CORRUPT', `Compressed data is damaged: ${detail}`)
}
