import { execFileSync } from 'node:child_process'
import zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StrataError } from '../../../../src/shared/errors.ts'
import type { Codec } from '../../../../src/engine/codec/codec.ts'
import { LEVELS } from '../../../../src/engine/codec/levels.ts'
import { nativeZstd, zstdOf } from '../../../../src/engine/codec/zstd.node.ts'
import { portableZstd } from '../../../../src/engine/codec/zstd.portable.ts'
import { hasProgram } from '../../../fixtures/programs.ts'
import { Random } from '../../../fixtures/random.ts'
import { codeOf } from '../../../fixtures/thrown.ts'
import { words as text } from '../../../fixtures/words.ts'

const CODECS: [name: string, codec: Codec][] = [
  ['native', nativeZstd],
  ['portable', portableZstd],
]
const PAIRS = CODECS.flatMap(([packer, pack]) => CODECS.map(([unpacker, unpack]) => [packer, unpacker, pack, unpack] as const))
const { constants } = zlib
const CLUSTER = 64 * 1024
const LARGEST = 2 ** 21

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

/** A frame as other writers make it: without its size, with a checksum, with any window. */
function frame(plain: Uint8Array, { size = false, checksum = false, windowBits = 0 } = {}): Buffer {
  const params = {
    [constants.ZSTD_c_contentSizeFlag]: size ? 1 : 0,
    [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
    ...(windowBits && { [constants.ZSTD_c_windowLog]: windowBits }),
  }
  return zlib.zstdCompressSync(plain, { params })
}

it('the native codec is the one of the runtime', () => {
  expect(nativeZstd).not.toBe(portableZstd)
  expect(zstdOf({})).toBeUndefined()
  expect(zstdOf({ zstdCompressSync: zlib.zstdCompressSync })).toBeUndefined()
})

describe.each(PAIRS)('packed by the %s codec, unpacked by the %s one', (_packer, _unpacker, pack, unpack) => {
  it.each([1024, 4096, CLUSTER, LARGEST])('gives the same %i bytes', (length) => {
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
    const { least, most } = LEVELS.zstd
    const lengths = []
    for (let level = least; level <= most; level++) {
      const stream = packed(pack, plain, level)
      lengths.push(stream.length)
      expect(Buffer.compare(unpacked(unpack, stream, CLUSTER), plain)).toBe(0)
    }
    expect(lengths.at(-1)).toBeLessThan(lengths[0]!)
    expect(packed(pack, plain, 3)).toEqual(packed(pack, plain))
  })
})

describe.each(CODECS)('the %s codec', (_name, codec) => {
  it.each([512, CLUSTER, LARGEST])('says that %i bytes of noise do not get shorter', (length) => {
    expect(codec.pack(noise(length))).toBeUndefined()
  })

  it('says that nothing, and a single byte, do not get shorter', () => {
    expect(codec.pack(new Uint8Array(0))).toBeUndefined()
    expect(codec.pack(Uint8Array.of(7))).toBeUndefined()
  })

  it.each([512, CLUSTER, LARGEST])('reads frames that do not say that they give %i bytes', (length) => {
    for (const plain of [text(length), new Uint8Array(length), noise(length)])
      for (const checksum of [false, true]) expect(Buffer.compare(unpacked(codec, frame(plain, { checksum }), length), plain)).toBe(0)
  })

  it('reads a cluster of several frames, empty ones and ones to skip among them', () => {
    const plain = text(CLUSTER)
    const skippable = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0]), noise(5)])
    const parts = [plain.subarray(0, 100), plain.subarray(100, 100), plain.subarray(100, 40_000), plain.subarray(40_000)]
    for (const size of [false, true]) {
      const stream = Buffer.concat([skippable, ...parts.map((part) => frame(part, { size })), noise(100)])
      expect(Buffer.compare(unpacked(codec, stream, CLUSTER), plain)).toBe(0)
    }
  })

  it('reads a cluster cut into a frame for every sector, and refuses one cut finer before that takes long', () => {
    const cut = (length: number, piece: number): Buffer => {
      const plain = text(length)
      const parts = []
      for (let at = 0; at < length; at += piece) parts.push(frame(plain.subarray(at, at + piece)))
      return Buffer.concat(parts)
    }
    expect(Buffer.compare(unpacked(codec, cut(CLUSTER, 512), CLUSTER), text(CLUSTER))).toBe(0)
    expect(Buffer.compare(unpacked(codec, cut(512, 32), 512), text(512))).toBe(0)
    expect(codeOf(() => unpacked(codec, cut(512, 16), 512))).toBe('CORRUPT')
    // As many frames as two clusters of the largest size have room for, which give a byte each, or nothing at all.
    for (const bytes of [0, 1]) {
      const tiny = frame(new Uint8Array(bytes))
      const hostile = new Uint8Array(2 * LARGEST)
      for (let at = 0; at + tiny.length <= hostile.length; at += tiny.length) hostile.set(tiny, at)
      const before = performance.now()
      expect(codeOf(() => unpacked(codec, hostile, LARGEST))).toBe('CORRUPT')
      expect(performance.now() - before).toBeLessThan(10_000)
    }
  })

  it('ignores what follows the last frame', () => {
    const plain = text(CLUSTER)
    const stream = packed(codec, plain)
    for (const tail of [new Uint8Array(511), noise(511), packed(codec, text(4096, 2)), stream.subarray(0, 6)])
      expect(Buffer.compare(unpacked(codec, Buffer.concat([stream, tail]), CLUSTER), plain)).toBe(0)
  })

  it('calls a frame that gives more than a cluster damaged, as QEMU does, whether it says so or not', () => {
    const plain = text(CLUSTER)
    for (const size of [false, true])
      for (const length of [1, 64, 1000, CLUSTER - 1]) expect(codeOf(() => unpacked(codec, frame(plain, { size }), length))).toBe('CORRUPT')
  })

  it.each([true, false])('makes no more output than was asked for, however much a stream would give (size told: %s)', (size) => {
    const bomb = frame(new Uint8Array(256 * 2 ** 20), { size })
    expect(bomb.length).toBeLessThan(30_000)
    const before = process.memoryUsage()
    expect(codeOf(() => unpacked(codec, bomb, CLUSTER))).toBe('CORRUPT')
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 2 ** 20)
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(32 * 2 ** 20)
  })

  it('sets no window aside that its output cannot use', () => {
    const plain = text(LARGEST)
    for (const windowBits of [10, 17, 21, 27]) {
      const stream = frame(plain, { windowBits })
      expect(Buffer.compare(unpacked(codec, stream, LARGEST), plain)).toBe(0)
      // 2^41 bytes and more, which no decoder accepts by itself
      if (windowBits < 21) continue
      stream[5] = 0xff
      expect(Buffer.compare(unpacked(codec, stream, LARGEST), plain)).toBe(0)
    }
  })

  it('calls a frame damaged that says another size than its blocks have', () => {
    const [rle, raw, packedWords] = [
      frame(new Uint8Array(300), { size: true }),
      frame(noise(300), { size: true }),
      frame(text(300), { size: true }),
    ]
    for (const stream of [rle, raw, packedWords]) {
      expect(unpacked(codec, stream, 300)).toHaveLength(300)
      stream.writeUInt16LE(300 - 256 - 1, 5)
      for (const length of [299, 300, 301]) expect(codeOf(() => unpacked(codec, stream, length))).toBe('CORRUPT')
    }
  })

  it('calls a stream that gives too little damaged', () => {
    const stream = packed(codec, text(4096))
    expect(codeOf(() => unpacked(codec, stream, 4097))).toBe('CORRUPT')
    for (let length = 0; length < stream.length; length++)
      expect(codeOf(() => unpacked(codec, stream.subarray(0, length), 4096))).toBe('CORRUPT')
  })

  it('sees by its checksum that a frame is damaged', () => {
    const plain = noise(4096)
    const stream = frame(plain, { checksum: true })
    stream[2000]! ^= 1
    expect(codeOf(() => unpacked(codec, stream, plain.length))).toBe('CORRUPT')
  })

  it('calls bytes that are no stream damaged', () => {
    for (const bytes of [new Uint8Array(512).fill(0xff), new Uint8Array(512), noise(512), packed(codec, text(4096)).subarray(1)])
      expect(codeOf(() => unpacked(codec, bytes, 4096))).toBe('CORRUPT')
  })

  it('refuses a frame that needs a dictionary', () => {
    const dictionary = Buffer.from(text(4096))
    const plain = text(4096)
    const params = { [constants.ZSTD_c_dictIDFlag]: 1 }
    const stream = zlib.zstdCompressSync(plain, { params, dictionary })
    expect(codeOf(() => unpacked(codec, stream, 4096))).toBe('CORRUPT')
  })
})

describe('of a damaged stream', () => {
  /** What each codec makes of the stream with one byte changed. */
  const answers = (stream: Uint8Array, at: number, flip: number): string[] =>
    CODECS.map(([, codec]) => {
      const damaged = Uint8Array.from(stream)
      damaged[at % stream.length]! ^= flip
      try {
        return Buffer.from(unpacked(codec, damaged, 2048)).toString('base64')
      } catch (error) {
        return error instanceof StrataError ? error.code : String(error)
      }
    })
  const damage = [fc.nat(), fc.integer({ min: 1, max: 255 })] as const

  it('with a checksum nothing wrong is ever read, by neither codec', () => {
    const plain = text(2048)
    const right = Buffer.from(plain).toString('base64')
    const streams = [frame(plain, { checksum: true }), frame(plain, { checksum: true, size: true })]
    fc.assert(
      fc.property(fc.constantFrom(...streams), ...damage, (stream, at, flip) => {
        for (const answer of answers(stream, at, flip)) expect([right, 'CORRUPT']).toContain(answer)
      }),
      { numRuns: 600 },
    )
  })

  // What the format does not rule out may be read or refused: decoders differ in how closely they look at packed literals.
  it('without one, each codec gives a whole cluster or says CORRUPT', () => {
    const streams = [packed(nativeZstd, text(2048)), Buffer.concat([frame(text(1000)), frame(text(1048, 3))])]
    const whole = Buffer.alloc(2048).toString('base64').length
    fc.assert(
      fc.property(fc.constantFrom(...streams), ...damage, (stream, at, flip) => {
        for (const answer of answers(stream, at, flip)) if (answer !== 'CORRUPT') expect(answer).toHaveLength(whole)
      }),
      { numRuns: 600 },
    )
  })
})

it.skipIf(!hasProgram('zstd'))('the zstd program reads what is written, and is read', () => {
  const plain = text(CLUSTER)
  for (const [, codec] of CODECS) {
    const stream = packed(codec, plain)
    expect(Buffer.compare(execFileSync('zstd', ['-d', '-c'], { input: stream }), plain)).toBe(0)
    for (const options of [['-1'], ['-19'], ['--long=27', '-10']])
      expect(Buffer.compare(unpacked(codec, execFileSync('zstd', ['-c', ...options], { input: plain }), CLUSTER), plain)).toBe(0)
  }
})
