import { Zstd } from '@hpcc-js/wasm-zstd'
import type { Codec } from './codec.ts'
import { type Frame, unpackFrames, USUAL_LEVEL } from './zstd-frame.ts'

/** Compiled while this module loads; from then on every call is synchronous. */
const library = await Zstd.load()

/** zstd in WebAssembly, for where there is no native one. */
export const portableZstd: Codec = {
  name: 'zstd',

  pack(plain, level = USUAL_LEVEL) {
    const packed = library.compress(plain, level)
    return packed.length < plain.length ? packed : undefined
  },

  unpack(packed, into) {
    unpackFrames(packed, into, decode)
  },
}

function decode(frame: Frame, most: number): Uint8Array {
  const plain = library.decompress(frame.contentSize === undefined ? withRoom(frame.bytes, most) : frame.bytes)
  if (plain.length > most) throw new Error('too long')
  return plain
}

/** Bytes of output that the library is ready for, per byte of input, where a frame does not say how much it gives. */
const ROOM = 20
const SKIPPABLE_HEADER = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0)

/** The frame, followed by one to skip, which makes the input long enough for the library to be ready for `most` bytes. */
function withRoom(frame: Uint8Array, most: number): Uint8Array {
  const skipped = Math.ceil(most / ROOM)
  const input = new Uint8Array(frame.length + SKIPPABLE_HEADER.length + skipped)
  input.set(frame)
  input.set(SKIPPABLE_HEADER, frame.length)
  new DataView(input.buffer).setUint32(frame.length + 4, skipped, true)
  return input
}
