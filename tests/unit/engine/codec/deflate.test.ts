import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StrataError } from '../../../../src/shared/errors.ts'
import type { Codec } from '../../../../src/engine/codec/codec.ts'
import { LEVELS } from '../../../../src/engine/codec/levels.ts'
import { nativeDeflate } from '../../../../src/engine/codec/deflate.node.ts'
import { portableDeflate } from '../../../../src/engine/codec/deflate.portable.ts'
import { Random } from '../../../fixtures/random.ts'
import { codeOf } from '../../../fixtures/thrown.ts'
import { words as text } from '../../../fixtures/words.ts'

const CODECS: [name: string, codec: Codec][] = [
  ['native', nativeDeflate],
  ['portable', portableDeflate],
]
const PAIRS = CODECS.flatMap(([packer, pack]) => CODECS.map(([unpacker, unpack]) => [packer, unpacker, pack, unpack] as const))

const CLUSTER = 64 * 1024

/** Bytes that can't be packed. */
const noise = (length: number): Uint8Array => new Random(7).bytes(length)

function packed(codec: Codec, plain: Uint8Array, level?: number): Uint8Array {
  const stream = codec.pack(plain, level)
  if (!stream) throw new Error('the sample does not pack')
  return stream
}

function unpacked(codec: Codec, stream: Uint8Array, length: number): Uint8Array {
  const into = new Uint8Array(length).fill(0xaa)
  codec.unpack(stream, into)
  return into
}

describe.each(PAIRS)('packed by the %s codec, unpacked by the %s one', (_packer, _unpacker, pack, unpack) => {
  it.each([1024, 4096, CLUSTER, 2 ** 21])('gives the same %i bytes', (length) => {
    const plain = text(length)
    expect(Buffer.compare(unpacked(unpack, packed(pack, plain), length), plain)).toBe(0)
  })

  it('gives the same bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.integer({ min: 1, max: 400 }), (piece, times) => {
        const plain = new Uint8Array(piece.length * times)
        for (let i = 0; i < times; i++) plain.set(piece, i * piece.length)
        const stream = pack.pack(plain)
        if (!stream) return
        expect(stream.length).toBeLessThan(plain.length)
        expect(Buffer.compare(unpacked(unpack, stream, plain.length), plain)).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('is read at every level, and the highest packs better than the lowest', () => {
    const plain = text(CLUSTER)
    const { least, most } = LEVELS.deflate
    const lengths = []
    for (let level = least; level <= most; level++) {
      const stream = packed(pack, plain, level)
      lengths.push(stream.length)
      expect(Buffer.compare(unpacked(unpack, stream, CLUSTER), plain)).toBe(0)
    }
    expect(lengths.at(-1)).toBeLessThan(lengths[0]!)
    expect(packed(pack, plain, 6)).toEqual(packed(pack, plain))
  })

  it('takes the first bytes of a stream that gives more', () => {
    const plain = text(CLUSTER)
    const stream = packed(pack, plain)
    for (const length of [1, 63, 64, 1000, CLUSTER - 1])
      expect(Buffer.compare(unpacked(unpack, stream, length), plain.subarray(0, length))).toBe(0)
  })
})

describe.each(CODECS)('the %s codec', (_name, codec) => {
  it.each([512, CLUSTER, 2 ** 21])('says that %i bytes of noise do not get shorter', (length) => {
    expect(codec.pack(noise(length))).toBeUndefined()
  })

  it('says that nothing, and a single byte, do not get shorter', () => {
    expect(codec.pack(new Uint8Array(0))).toBeUndefined()
    expect(codec.pack(Uint8Array.of(7))).toBeUndefined()
  })

  it('packs within a window of 4 KiB, so that a reader with no more than that can follow', () => {
    // What repeats only 8 KiB later is out of reach of the window, so it does not pack.
    const half = noise(8192)
    const twice = new Uint8Array(16384)
    twice.set(half)
    twice.set(half, 8192)
    expect(codec.pack(twice)).toBeUndefined()
    const near = new Uint8Array(6000)
    near.set(half.subarray(0, 3000))
    near.set(half.subarray(0, 3000), 3000)
    expect(packed(codec, near).length).toBeLessThan(3300)
  })

  it('reads streams with a window of 32 KiB', () => {
    const half = noise(30_000)
    const plain = new Uint8Array(60_000)
    plain.set(half)
    plain.set(half, 30_000)
    const stream = deflateRawSync(plain, { windowBits: 15 })
    expect(stream.length).toBeLessThan(31_000)
    expect(Buffer.compare(unpacked(codec, stream, plain.length), plain)).toBe(0)
  })

  it('ignores what follows the stream', () => {
    const plain = text(CLUSTER)
    const stream = packed(codec, plain)
    for (const tail of [new Uint8Array(511), noise(511), packed(codec, text(4096, 2))])
      expect(Buffer.compare(unpacked(codec, Buffer.concat([stream, tail]), CLUSTER), plain)).toBe(0)
  })

  it('takes a stream that has no end, once it has given enough', () => {
    const plain = text(CLUSTER)
    const stream = packed(codec, Buffer.concat([plain, text(CLUSTER, 3)]))
    expect(Buffer.compare(unpacked(codec, stream.subarray(0, stream.length - 100), CLUSTER), plain)).toBe(0)
  })

  it('makes no more output than was asked for, however much a stream would give', () => {
    const bomb = deflateRawSync(new Uint8Array(256 * 2 ** 20))
    expect(bomb.length).toBeLessThan(300_000)
    const before = process.memoryUsage().arrayBuffers
    const buffer = new Uint8Array(CLUSTER + 64).fill(0xaa)
    codec.unpack(bomb, buffer.subarray(32, 32 + CLUSTER))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20)
    expect(buffer.subarray(32, 32 + CLUSTER).every((byte) => byte === 0)).toBe(true)
    for (const byte of [...buffer.subarray(0, 32), ...buffer.subarray(32 + CLUSTER)]) expect(byte).toBe(0xaa)
  })

  it('calls a stream that gives too little damaged', () => {
    const stream = packed(codec, text(4096))
    expect(codeOf(() => unpacked(codec, stream, 4097))).toBe('CORRUPT')
    expect(codeOf(() => unpacked(codec, stream.subarray(0, stream.length / 2), 4096))).toBe('CORRUPT')
    expect(codeOf(() => unpacked(codec, new Uint8Array(0), 4096))).toBe('CORRUPT')
  })

  it('calls bytes that are no stream damaged', () => {
    expect(codeOf(() => unpacked(codec, new Uint8Array(512).fill(0xff), 4096))).toBe('CORRUPT')
  })
})

it('both codecs give the same answer about any damaged stream', () => {
  const stream = packed(nativeDeflate, text(2048))
  fc.assert(
    fc.property(fc.nat(stream.length - 1), fc.integer({ min: 1, max: 255 }), fc.constantFrom(2048, 2000, 100), (at, flip, length) => {
      const damaged = stream.slice()
      damaged[at]! ^= flip
      const answers = CODECS.map(([, codec]) => {
        try {
          return Buffer.from(unpacked(codec, damaged, length)).toString('base64')
        } catch (error) {
          return error instanceof StrataError ? error.code : String(error)
        }
      })
      expect(answers[0]).toBe(answers[1])
    }),
    { numRuns: 400 },
  )
})
