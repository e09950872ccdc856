import type { Random } from '../fixtures/random.ts'
import { Anatomy } from '../oracle/damage/damages.ts'
import type { ImageBase } from './image-bases.ts'

/** An image: one of the bases with other bytes in some places, and another length where one is given. `seed` chooses what is done with it. */
export interface ImageInput {
  base: string
  patches: [at: number, hex: string][]
  length?: number
  seed: number
}

interface Place {
  name: string
  at: number
  bytes: number
}

const MOST_PATCHES = 24
const LUKS_SLOTS = 8

/** What is known of a base's structure, for changing it where it hurts. */
export class KnownImage {
  readonly base: ImageBase
  readonly #places: Place[]
  readonly #targets: number[]
  readonly #clusterSize: number

  /** `focus` says which places are changed, by their names. */
  constructor(base: ImageBase, focus: RegExp) {
    this.base = base
    const anatomy = new Anatomy(base.image)
    this.#clusterSize = anatomy.clusterSize
    this.#targets = anatomy.targets
    const all: Place[] = [...anatomy.entries, ...anatomy.fields, ...anatomy.counts, ...headerPlaces(), ...extensionPlaces(base.image)]
    this.#places = all.filter(({ name, at, bytes }) => focus.test(name) && at + bytes <= base.image.length)
  }

  /** Whether the focus has anything to look at here. */
  get hasPlaces(): boolean {
    return this.#places.length > 0
  }

  change(input: ImageInput, other: ImageInput, random: Random): ImageInput {
    const patches = input.patches.slice(random.below(4) === 0 && input.patches.length > 0 ? 1 : 0)
    if (random.below(8) === 0 && other.base === input.base) patches.push(...other.patches)
    for (let i = 1 + random.below(3); i > 0; i--) patches.push(this.#patch(random))
    const changed: ImageInput = { base: input.base, patches: patches.slice(-MOST_PATCHES), seed: random.below(2 ** 30) }
    const { length } = this.base.image
    // Cut short, with something behind it, or far longer, as a sparse file is: then what leads far away leads into the file.
    const lengths = [random.below(length), length + random.below(4) * this.#clusterSize, 2 ** (24 + random.below(27))]
    if (random.below(12) === 0) changed.length = lengths[random.below(lengths.length)]!
    return changed
  }

  #patch(random: Random): [at: number, hex: string] {
    const place = this.#places[random.below(this.#places.length)]!
    switch (random.below(10)) {
      case 0: // anywhere
        return [random.below(this.base.image.length), hexOf(random.bytes(1 + random.below(4)))]
      case 1: // near by
        return [Math.max(0, place.at - 8 + random.below(16)), hexOf(random.bytes(1 + random.below(8)))]
      case 2: {
        // what stands elsewhere
        const from = this.#places[random.below(this.#places.length)]!.at
        return [place.at, this.base.image.toString('hex', from, from + (random.below(2) === 0 ? 8 : 64))]
      }
      default:
        return [
          place.at,
          this.#number(place, random)
            .toString(16)
            .padStart(place.bytes * 2, '0'),
        ]
    }
  }

  /** Another number for a place. */
  #number({ at, bytes }: Place, random: Random): bigint {
    const { image } = this.base
    const now = BigInt(`0x${image.toString('hex', at, at + bytes)}`)
    const target = BigInt(this.#targets[random.below(this.#targets.length)]!)
    const flags = BigInt(random.below(4)) << 62n
    const size = BigInt(this.#clusterSize)
    const numbers = [
      () => 0n,
      () => 2n ** 64n - 1n,
      () => now + 1n,
      () => now - 1n,
      () => now ^ (1n << BigInt(random.below(bytes * 8))),
      () => now ^ (1n << BigInt(random.below(bytes * 8))),
      () => target,
      () => target | flags,
      () => (target + size * BigInt(random.below(8))) | flags,
      () => (target + BigInt(random.below(this.#clusterSize))) | flags,
      () => BigInt(image.length) | flags,
      () => (BigInt(Math.floor(image.length / this.#clusterSize)) * size) | flags,
      () => 1n << BigInt(random.below(bytes * 8)),
      () => (1n << BigInt(random.below(bytes * 8))) - 1n,
      () => BigInt(random.below(300)),
      () => BigInt(random.next()) << BigInt(random.below(33)),
    ]
    return BigInt.asUintN(bytes * 8, numbers[random.below(numbers.length)]!())
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Fields of the header that `Anatomy` leaves alone. */
function headerPlaces(): Place[] {
  return [
    { name: 'header magic', at: 0, bytes: 4 },
    { name: 'header version', at: 4, bytes: 4 },
    { name: 'header cluster_bits', at: 20, bytes: 4 },
    { name: 'header crypt_method', at: 32, bytes: 4 },
    { name: 'header header_length', at: 100, bytes: 4 },
    { name: 'header compression_type', at: 104, bytes: 1 },
  ]
}

/** Types and lengths of the extensions, their first words, and the header of LUKS where one leads to it. */
function extensionPlaces(image: Buffer): Place[] {
  const places: Place[] = []
  for (let at = image.readUInt32BE(4) === 3 ? image.readUInt32BE(100) : 72; ;) {
    const type = image.readUInt32BE(at)
    const length = image.readUInt32BE(at + 4)
    places.push({ name: 'extension type', at, bytes: 4 }, { name: 'extension length', at: at + 4, bytes: 4 })
    if (type === 0) return places
    for (let word = 0; word < Math.min(length, 64); word += 4) places.push({ name: 'extension data', at: at + 8 + word, bytes: 4 })
    if (type === 0x0537be77) places.push(...luksPlaces(Number(image.readBigUInt64BE(at + 8))))
    at += 8 + Math.ceil(length / 8) * 8
  }
}

function luksPlaces(start: number): Place[] {
  const fields: [at: number, bytes: number][] = [
    [0, 4],
    [6, 2],
    [8, 4],
    [11, 1],
    [40, 4],
    [44, 4],
    [72, 4],
    [104, 4],
    [108, 4],
    [112, 8],
    [164, 4],
    [168, 4],
  ]
  for (let slot = 0; slot < LUKS_SLOTS; slot++) for (const at of [0, 4, 40, 44]) fields.push([208 + 48 * slot + at, 4])
  return fields.map(([at, bytes]) => ({ name: `luks header at ${at}`, at: start + at, bytes }))
}

/** The bytes of an input, as far as they are not the zeros of a hole at its end. */
export function bytesOf(image: Buffer, { patches, length = image.length }: ImageInput): Buffer {
  const bytes = Buffer.from(image.subarray(0, length))
  for (const [at, hex] of patches) if (at < bytes.length) bytes.write(hex, at, 'hex')
  return bytes
}
