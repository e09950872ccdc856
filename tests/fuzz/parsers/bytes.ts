import { crc32 } from 'node:zlib'
import type { Codec } from '../../../src/engine/codec/codec.ts'
import { decodeLuksHeader, encodeLuksHeader, HEADER_BYTES } from '../../../src/engine/crypto/luks-header.ts'
import { foreignFormat } from '../../../src/engine/formats/foreign.ts'
import { PROBE_BYTES, probeFormat } from '../../../src/engine/formats/registry.ts'
import { readLayout } from '../../../src/engine/guest/disk-layout.ts'
import { GuestDisk, le, writeExt4, writeGpt, writeMbr } from '../../fixtures/guest-disk.ts'
import { native, portable } from '../../fixtures/platform.ts'
import { Random } from '../../fixtures/random.ts'
import { imageBases } from '../image-bases.ts'
import { outcome, parser, type Parser } from '../parser.ts'

/** A run of bytes in hexadecimal, made from one of the kept ones. */
function changedBytes(hex: string, other: string, random: Random): string {
  const bytes = Buffer.from(hex, 'hex')
  for (let i = 1 + random.below(4); i > 0; i--) {
    const at = random.below(bytes.length)
    const room = bytes.length - at
    if (room === 0) break
    switch (random.below(6)) {
      case 0:
        bytes[at]! ^= 1 << random.below(8)
        break
      case 1:
        bytes.fill(random.below(2) * 255, at, at + Math.min(room, random.below(9)))
        break
      case 2:
        Buffer.from(other, 'hex').copy(bytes, at, random.below(other.length / 2))
        break
      case 3:
        bytes.set(bytes.subarray(random.below(bytes.length)).subarray(0, Math.min(room, 16)), at)
        break
      default:
        bytes.set(strangeNumber(random).subarray(0, room), at)
    }
  }
  return (random.below(12) === 0 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes).toString('hex')
}

/** One to eight bytes: a number at one of its limits, or any, in either order of bytes. */
function strangeNumber(random: Random): Buffer {
  const width = [1, 2, 4, 8][random.below(4)]!
  const numbers = [
    0n,
    1n,
    2n ** 64n - 1n,
    2n ** 63n,
    1n << BigInt(random.below(64)),
    (1n << BigInt(random.below(64))) - 1n,
    BigInt(random.next()),
  ]
  const bytes = Buffer.from(le(numbers[random.below(numbers.length)]!, width))
  return random.below(2) === 0 ? bytes : bytes.reverse()
}

const SIGNATURES = [
  'QFI\xfb',
  'KDMV',
  'COWD',
  '# Disk DescriptorFile',
  'vhdxfile',
  'conectix',
  'QED\0',
  'WithoutFreeSpace',
  'LUKS\xba\xbe',
  '\x1f\x8b\x08',
  '\xfd7zXZ\0',
  'BZh',
  'PK\x03\x04',
  '%PDF-',
]

/** The first bytes of a file, from which its format is told. */
const heads = parser<string>({
  name: 'file heads',
  kept: SIGNATURES.map((text) => Buffer.from(text.padEnd(300, '\0'), 'latin1').toString('hex')),
  change: changedBytes,
  run(hex) {
    const head = Buffer.from(hex, 'hex').subarray(0, PROBE_BYTES)
    return `${probeFormat(head).name} ${foreignFormat(head) ?? ''}`
  },
})

/** A LUKS header by itself: what is taken apart can be put together. */
function luksHeaders(): Parser {
  const { image } = imageBases().find(({ name }) => name === 'luks')!
  const at = image.indexOf('LUKS\xba\xbe', 0, 'latin1')
  return parser<string>({
    name: 'LUKS headers',
    kept: [image.toString('hex', at, at + HEADER_BYTES)],
    change: changedBytes,
    run(hex) {
      const bytes = Buffer.from(hex, 'hex')
      return outcome(() => {
        const header = decodeLuksHeader(bytes, 600_000, { path: '/disk', offset: 0 })
        decodeLuksHeader(encodeLuksHeader(header), 600_000, { path: '/disk', offset: 0 })
      })
    },
  })
}

interface Stream {
  codec: 'deflate' | 'zstd'
  hex: string
}

const UNPACKED = 4096

/** Compressed clusters, by the system's libraries and by the portable ones, which must agree. */
const streams = parser<Stream>({
  name: 'packed streams',
  kept: (['deflate', 'zstd'] as const).flatMap((codec) =>
    [1, 2, 3].map((seed) => {
      const random = new Random(seed)
      const plain = new Uint8Array(UNPACKED)
      plain.set(random.text(3000))
      plain.set(random.bytes(300), 3500)
      return { codec, hex: Buffer.from(native.codecs[codec].pack(plain)!).toString('hex') }
    }),
  ),
  change: ({ codec, hex }, other, random) => ({ codec, hex: changedBytes(hex, other.hex, random) }),
  run({ codec, hex }) {
    const packed = Buffer.from(hex, 'hex')
    const one = unpacked(native.codecs[codec], packed)
    const two = unpacked(portable.codecs[codec], packed)
    if (typeof one === 'string' && typeof two === 'string') return `${codec} ${one}`
    if (typeof one === 'string' || typeof two === 'string')
      throw new Error(`one library unpacks it, and the other says: ${typeof one === 'string' ? one : String(two)}`)
    if (!one.equals(two)) throw new Error('the two libraries unpack different bytes')
    return `${codec} ok`
  },
})

function unpacked(codec: Codec, packed: Uint8Array): Buffer | string {
  const into = Buffer.alloc(UNPACKED)
  const said = outcome(() => codec.unpack(packed, into))
  return said === 'ok' ? into : said
}

interface GuestInput {
  disk: number
  size: number
  patches: [at: number, hex: string][]
  /** the checksums of the GPT are made to fit what it says now */
  mended: boolean
}

const MIB = 2 ** 20
/** Where the magic words of file systems stand. */
const MAGICS: [at: number, word: string][] = [
  [1080, '\x53\xef'],
  [0, 'XFSB\0\0\x10\0'],
  [65_600, '_BHRfS_M'],
  [1024, '\x10\x20\xf5\xf2'],
  [0, 'hsqs'],
  [32_769, 'CD001'],
  [32, 'NXSB'],
  [1024, 'H+\0\x04'],
  [3, 'NTFS    '],
  [3, 'EXFAT   '],
  [3, '-FVE-FS-'],
  [4086, 'SWAPSPACE2'],
  [0, 'LUKS\xba\xbe'],
  [512, 'LABELONE'],
  [536, 'LVM2 001'],
  [4096, '\xfc\x4e\x2b\xa9\x01'],
  [131_072, '\x0c\xb1\xba'],
  [510, '\x55\xaa'],
  [512, 'EFI PART'],
]

/** Tables and file systems as guests leave them; the first MiB of each disk, which holds all of them. */
function guestDisks(): Buffer[] {
  const first = (disk: GuestDisk): Buffer => Buffer.from(disk.resized(MIB).bytes())
  const gpt = new GuestDisk(MIB)
  writeGpt(gpt, {
    partitions: [
      { first: 40, last: 300, name: 'root' },
      { first: 301, last: 900 },
    ],
    count: 8,
  })
  writeExt4(gpt, 40 * 512, 30)
  const large = new GuestDisk(MIB)
  writeGpt(large, { sectorSize: 4096, partitions: [{ first: 6, last: 20 }], count: 16, entryBytes: 256 })
  const mbr = new GuestDisk(MIB)
  writeMbr(mbr, [
    { type: 0x83, first: 63, sectors: 200, status: 0x80 },
    { type: 0x05, first: 300, sectors: 1000 },
  ])
  writeMbr(
    mbr,
    [
      { type: 0x83, first: 10, sectors: 100 },
      { type: 0x05, first: 200, sectors: 300 },
    ],
    300 * 512,
  )
  writeMbr(mbr, [{ type: 0x07, first: 10, sectors: 100 }], 500 * 512)
  const systems = MAGICS.map(([at, word]) => {
    const disk = new GuestDisk(MIB).write(Math.max(0, at - 64), new Random(at + 1).bytes(400)).write(at, word)
    return at === 3 ? disk.write(11, [0, 2, 8]).write(510, [0x55, 0xaa]) : disk
  })
  return [gpt, large, mbr, ...systems].map(first)
}

/** The offsets of all bytes that are not zero. */
function writtenPlaces(disk: Buffer): number[] {
  const places: number[] = []
  for (let at = 0; at < disk.length; at++) if (disk[at] !== 0) places.push(at)
  return places
}

/** Partition tables and file systems, as the guest may have written them. */
function guests(): Parser {
  const disks = guestDisks()
  const hot = disks.map(writtenPlaces)
  return parser<GuestInput>({
    name: 'guest disks',
    kept: disks.map((_, disk) => ({ disk, size: MIB, patches: [], mended: true })),
    change(input, other, random) {
      const patches = [...input.patches.slice(random.below(3) === 0 ? 1 : 0), ...(random.below(8) === 0 ? other.patches : [])]
      const places = hot[input.disk]!
      for (let i = 1 + random.below(3); i > 0; i--) {
        const [magicAt, word] = MAGICS[random.below(MAGICS.length)]!
        const at = Math.max(0, places[random.below(places.length)]! - 4 + random.below(8))
        if (random.below(10) === 0) patches.push([magicAt, Buffer.from(word, 'latin1').toString('hex')])
        else
          patches.push([
            at,
            (random.below(4) === 0 ? Buffer.from(random.bytes(1 + random.below(16))) : strangeNumber(random)).toString('hex'),
          ])
      }
      const size = random.below(10) === 0 ? [0, 511, 512, 4096, 34 * 512, MIB - 1, 2 ** 40, 2 ** 53 - 1][random.below(8)]! : input.size
      return { disk: input.disk, size, patches: patches.slice(-24), mended: random.below(4) > 0 }
    },
    run({ disk, size, patches, mended }) {
      const bytes = new PatchedDisk(disks[disk]!, size, patches)
      if (mended) bytes.mendGpt()
      let said = ''
      const answer = outcome(() => {
        const layout = readLayout(bytes)
        for (const { start, length } of layout.partitions)
          if (!(start >= 0 && length >= 0) || Number.isNaN(start + length)) throw new Error(`a partition of ${length} bytes at ${start}`)
        said = `${layout.table} ${layout.fileSystem?.kind} ${layout.partitions
          .slice(0, 4)
          .map(({ fileSystem }) => fileSystem?.kind)
          .join(',')} ${layout.problems
          .slice(0, 3)
          .map((problem) => problem.replaceAll(/\d+/g, '#'))
          .join(';')}`
      })
      return `${answer} ${said}`
    },
  })
}

/** A disk that is never copied: its first MiB, with other bytes in places, and zeros behind it. */
class PatchedDisk {
  readonly size: number
  readonly #base: Buffer
  readonly #patches: [at: number, bytes: Buffer][]

  constructor(base: Buffer, size: number, patches: readonly [at: number, hex: string][]) {
    this.#base = base
    this.size = size
    this.#patches = patches.map(([at, hex]) => [at, Buffer.from(hex, 'hex')])
  }

  readAt(at: number, into: Uint8Array): void {
    if (!(Number.isSafeInteger(at) && at >= 0 && at + into.length <= this.size)) throw new RangeError(`${into.length} bytes at ${at}`)
    into.fill(0)
    into.set(this.#base.subarray(at, at + into.length))
    for (const [start, bytes] of this.#patches) {
      const from = Math.max(at, start)
      const to = Math.min(at + into.length, start + bytes.length)
      if (from < to) into.set(bytes.subarray(from - start, to - start), from - at)
    }
  }

  /** The checksums of the header behind the first sector, over what it says of itself. */
  mendGpt(): void {
    for (const sector of [512, 4096]) {
      if (this.size < sector + 512) continue
      const header = Buffer.alloc(512)
      this.readAt(sector, header)
      if (header.toString('latin1', 0, 8) !== 'EFI PART') continue
      const entries = Number(header.readBigUInt64LE(72)) * sector
      const length = header.readUInt32LE(80) * header.readUInt32LE(84)
      if (length <= 65_536 && Number.isSafeInteger(entries) && entries + length <= this.size) {
        const rows = Buffer.alloc(length)
        this.readAt(entries, rows)
        header.writeUInt32LE(crc32(rows), 88)
      }
      header.writeUInt32LE(0, 16)
      header.writeUInt32LE(crc32(header.subarray(0, Math.min(512, header.readUInt32LE(12)))), 16)
      this.#patches.push([sector, header])
    }
  }
}

/** The readers of bytes that are no qcow2 image. */
export function byteParsers(): Parser[] {
  return [heads, luksHeaders(), streams, guests()]
}
