import { Random } from '../../fixtures/random.ts'

/** A change to the bytes of an image. */
export interface Damage {
  what: string
  apply(image: Buffer): Buffer
}

/** A place that holds an entry, a count or a field, and how wide it is. */
interface Place {
  name: string
  at: number
  bytes: 1 | 2 | 4 | 8
}

const LUKS = 0x0537be77
const BITMAPS = 0x23852875

/** Where the structures of a sound image lie, read plainly: what is damaged afterwards is known to be there. */
export class Anatomy {
  readonly image: Buffer
  readonly clusterSize: number
  readonly l2EntryBytes: number
  readonly countBits: number
  readonly entries: Place[] = []
  readonly fields: Place[] = []
  readonly counts: Place[] = []
  /** host offsets of clusters that hold structure, and of one that holds data */
  readonly targets: number[] = [0]

  constructor(image: Buffer) {
    this.image = image
    this.clusterSize = 2 ** image.readUInt32BE(20)
    const version = image.readUInt32BE(4)
    this.l2EntryBytes = version === 3 && (image.readUInt32BE(76) & 16) !== 0 ? 16 : 8
    this.countBits = version === 3 ? 2 ** image.readUInt32BE(96) : 16
    this.#header(version)
    this.#l1('active', this.#u64(40), image.readUInt32BE(36))
    this.#snapshots()
    this.#counts()
    this.#extensions(version)
  }

  #u64(at: number): number {
    return Number(this.image.readBigUInt64BE(at))
  }

  #header(version: number): void {
    const fields: [string, number, 4 | 8][] = [
      ['backing_file_offset', 8, 8],
      ['backing_file_size', 16, 4],
      ['size', 24, 8],
      ['l1_size', 36, 4],
      ['l1_table_offset', 40, 8],
      ['refcount_table_offset', 48, 8],
      ['refcount_table_clusters', 56, 4],
      ['nb_snapshots', 60, 4],
      ['snapshots_offset', 64, 8],
      ['incompatible_features', 72, 8],
      ['compatible_features', 80, 8],
      ['autoclear_features', 88, 8],
      ['refcount_order', 96, 4],
    ]
    for (const [name, at, bytes] of fields) if (version === 3 || at < 72) this.fields.push({ name: `header ${name}`, at, bytes })
  }

  #l1(name: string, at: number, size: number): void {
    this.targets.push(at)
    const used = Array.from({ length: size }, (_, i) => i).filter((i) => this.#u64(at + i * 8) !== 0)
    for (const i of [...used.slice(0, 2), ...used.slice(-1)]) {
      this.entries.push({ name: `${name} l1[${i}]`, at: at + i * 8, bytes: 8 })
      const table = Number(this.image.readBigUInt64BE(at + i * 8) & 0x00fffffffffffe00n)
      this.targets.push(table)
      this.#l2(`${name} l2[${i}]`, table)
    }
    if (size > used.length) this.entries.push({ name: `${name} l1, unused`, at: at + used.length * 8, bytes: 8 })
  }

  #l2(name: string, table: number): void {
    const kinds = new Map<string, number>()
    for (let at = table; at < table + this.clusterSize; at += this.l2EntryBytes) {
      const word = this.image.readBigUInt64BE(at)
      const masks = this.l2EntryBytes === 16 ? this.image.readBigUInt64BE(at + 8) : 0n
      const kind = `${word >> 62n} ${word & 1n} ${word === 0n} ${masks !== 0n}`
      const seen = kinds.get(kind) ?? 0
      kinds.set(kind, seen + 1)
      if (seen >= 2) continue
      this.entries.push({ name: `${name} entry at ${at - table}`, at, bytes: 8 })
      if (this.l2EntryBytes === 16) this.fields.push({ name: `${name} bitmap at ${at - table}`, at: at + 8, bytes: 8 })
      if (word >> 62n === 2n) this.targets.push(Number(word & 0x00fffffffffffe00n))
    }
  }

  #snapshots(): void {
    let at = this.#u64(64)
    if (this.image.readUInt32BE(60) > 0) this.targets.push(at)
    for (let i = 0; i < this.image.readUInt32BE(60); i++) {
      const names: [string, number, 2 | 4 | 8][] = [
        ['l1_table_offset', 0, 8],
        ['l1_size', 8, 4],
        ['id_str_size', 12, 2],
        ['name_size', 14, 2],
        ['extra_data_size', 36, 4],
      ]
      for (const [name, offset, bytes] of names) this.fields.push({ name: `snapshot ${i} ${name}`, at: at + offset, bytes })
      this.#l1(`snapshot ${i}`, this.#u64(at), this.image.readUInt32BE(at + 8))
      const rest = this.image.readUInt16BE(at + 12) + this.image.readUInt16BE(at + 14) + this.image.readUInt32BE(at + 36)
      at = Math.ceil((at + 40 + rest) / 8) * 8
    }
  }

  #counts(): void {
    const table = this.#u64(48)
    this.targets.push(table)
    this.entries.push({ name: 'refcount table[0]', at: table, bytes: 8 }, { name: 'refcount table[1]', at: table + 8, bytes: 8 })
    const block = this.#u64(table)
    this.targets.push(block)
    const used = Math.floor(this.image.length / this.clusterSize)
    for (let cluster = 0; cluster < used + 2; cluster++) {
      const bytes = Math.max(1, this.countBits / 8) as 1 | 2 | 4 | 8
      const at = block + Math.floor((cluster * this.countBits) / 8)
      if (at >= block + this.clusterSize || this.counts.some((count) => count.at === at)) continue
      if (cluster < 12 || cluster >= used - 2 || cluster % 7 === 0) this.counts.push({ name: `count of cluster ${cluster}`, at, bytes })
    }
  }

  #extensions(version: number): void {
    for (let at = version === 3 ? this.image.readUInt32BE(100) : 72; ;) {
      const type = this.image.readUInt32BE(at)
      const length = this.image.readUInt32BE(at + 4)
      if (type === 0) return
      if (type === LUKS) this.fields.push({ name: 'luks offset', at: at + 8, bytes: 8 }, { name: 'luks length', at: at + 16, bytes: 8 })
      if (type === BITMAPS) this.#bitmaps(at + 8)
      at += 8 + Math.ceil(length / 8) * 8
    }
  }

  #bitmaps(at: number): void {
    this.fields.push({ name: 'bitmap count', at, bytes: 4 }, { name: 'bitmap directory size', at: at + 8, bytes: 8 })
    this.fields.push({ name: 'bitmap directory offset', at: at + 16, bytes: 8 })
    let row = this.#u64(at + 16)
    this.targets.push(row)
    for (let i = 0; i < this.image.readUInt32BE(at); i++) {
      const names: [string, number, 1 | 2 | 4 | 8][] = [
        ['table offset', 0, 8],
        ['table size', 8, 4],
        ['flags', 12, 4],
        ['type', 16, 1],
        ['granularity', 17, 1],
        ['name size', 18, 2],
        ['extra size', 20, 4],
      ]
      for (const [name, offset, bytes] of names) this.fields.push({ name: `bitmap ${i} ${name}`, at: row + offset, bytes })
      const table = this.#u64(row)
      this.targets.push(table)
      this.entries.push({ name: `bitmap ${i} table[0]`, at: table, bytes: 8 })
      row += Math.ceil((24 + this.image.readUInt16BE(row + 18) + this.image.readUInt32BE(row + 20)) / 8) * 8
    }
  }
}

function changed(place: Place, what: string, change: (value: bigint) => bigint): Damage {
  const bits = place.bytes * 8
  return {
    what: `${place.name}: ${what}`,
    apply(image) {
      if (place.at + place.bytes > image.length) return image
      const value = BigInt(`0x${image.toString('hex', place.at, place.at + place.bytes)}`)
      const next = BigInt.asUintN(bits, change(value))
      image.write(next.toString(16).padStart(place.bytes * 2, '0'), place.at, 'hex')
      return image
    },
  }
}

/** Bits of an entry that stand for something each, or for nothing. */
const ENTRY_BITS = [0, 1, 8, 9, 11, 12, 13, 14, 15, 16, 20, 30, 47, 55, 56, 61, 62, 63]

/** Every damage that one entry, field or count can have on its own, one at a time. */
export function* systematic(anatomy: Anatomy): Generator<Damage> {
  const { entries, fields, counts, targets, image } = anatomy
  const flip = (place: Place, bit: number): Damage => changed(place, `bit ${bit} flipped`, (value) => value ^ (1n << BigInt(bit)))
  for (const place of entries) {
    for (const bit of ENTRY_BITS) yield flip(place, bit)
    yield changed(place, 'zero', () => 0n)
    yield changed(place, 'all ones', () => 2n ** 64n - 1n)
    yield changed(place, 'half a cluster on', (value) => value + BigInt(anatomy.clusterSize / 2))
    for (const target of new Set(targets)) {
      yield changed(place, `leads to ${target}`, () => BigInt(target) | (1n << 63n))
      if (target % (4 * anatomy.clusterSize) === 0) yield changed(place, `leads to ${target}, shared`, () => BigInt(target))
    }
    yield changed(
      place,
      'leads past the end',
      () => BigInt(Math.ceil(image.length / anatomy.clusterSize) * anatomy.clusterSize) | (1n << 63n),
    )
    yield changed(place, 'leads far past the end', () => (1n << 45n) | (1n << 63n))
  }
  for (const place of fields) {
    for (let bit = 0; bit < place.bytes * 8; bit += place.bytes === 8 ? 3 : 2) yield flip(place, bit)
    yield changed(place, 'zero', () => 0n)
    yield changed(place, 'all ones', () => 2n ** 64n - 1n)
    if (place.bytes === 8) for (const target of new Set(targets)) yield changed(place, `is ${target}`, () => BigInt(target))
  }
  for (const place of counts) {
    yield changed(place, 'one more', (value) => value + 1n)
    yield changed(place, 'one less', (value) => value - 1n)
    yield changed(place, 'zero', () => 0n)
    yield changed(place, 'all ones', () => 2n ** 64n - 1n)
  }
  for (const share of [0.99, 0.9, 0.7, 0.5, 0.3, 0.15, 0.08])
    yield { what: `cut to ${share} of its length`, apply: (bytes) => Buffer.from(bytes.subarray(0, Math.floor(bytes.length * share))) }
}

/** Several damages at once, the same for the same seed. */
export function* seeded(anatomy: Anatomy, seed: number, count: number): Generator<Damage> {
  const random = new Random(seed)
  const all = [...systematic(anatomy)]
  for (let i = 0; i < count; i++) {
    const some = Array.from({ length: 2 + random.below(5) }, () => all[random.below(all.length)]!)
    yield { what: some.map(({ what }) => what).join(' + '), apply: (image) => some.reduce((bytes, damage) => damage.apply(bytes), image) }
  }
}
