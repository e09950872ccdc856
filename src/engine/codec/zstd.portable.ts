import { Zstd } from '@hpcc-js/wasm-zstd'
import { ZSTDDecoder } from 'zstddec'
import type { Codec } from './codec.ts'
import { type Frame, unpackFrames, USUAL_LEVEL } from './zstd-frame.ts'

// Both are compiled while this module loads; from then on every call is synchronous. The library that packs can unpack as well, but copies
// what it gives byte by byte.
const packer = await Zstd.load()
const unpacker = new ZSTDDecoder()
await unpacker.init()

/** zstd in WebAssembly, for where there is no native one. */
export const portableZstd: Codec = {
  name: 'zstd',

  pack(plain, level = USUAL_LEVEL) {
    const packed = packer.compress(plain, level)
    return packed.length < plain.length ? packed : undefined
  },

  unpack(packed, into) {
    unpackFrames(packed, into, decode)
  },
}

function decode({ bytes, contentSize }: Frame, most: number): Uint8Array {
  const plain = unpacker.decode(bytes, contentSize ?? most)
  // Of what it cannot decode, or has no room for, the library gives nothing.
  if (plain.length === 0) throw new Error('nothing was decoded')
  return plain
}
