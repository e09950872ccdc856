import type { MemoryStorage } from '../../../src/engine/io/memory.ts'
import { unwatched } from '../../../src/engine/base/job.ts'
import { Disk } from '../../../src/engine/device/disk.ts'
import { type CreateOptions, DEFAULT_OPTIONS } from '../../../src/engine/formats/options.ts'
import { qcow2 } from '../../../src/engine/formats/qcow2/index.ts'
import { MemorySystem } from '../../../src/engine/io/memory-system.ts'
import { native } from '../../fixtures/platform.ts'
import type { Random } from '../../fixtures/random.ts'
import { GuestHistory } from './guest-history.ts'
import { assertSound, bytesOf, openDriver } from './judge-image.ts'
import { RecordedSystem } from './recorded-system.ts'
import type { Recording } from './scenario.ts'

const IMAGE = '/image'
const SECTOR = 512

/** A snapshot that was taken: what it holds, and between which calls it has to be there. */
interface Kept {
  name: string
  content: Uint8Array
  from: number
  until: number
}

/** One image on a disk that records, worked on through its driver, with what must be true of it after a power cut. */
export class ImageBench {
  readonly random: Random
  readonly grain: number
  readonly history: GuestHistory
  readonly #recorded: RecordedSystem
  #disk: Disk
  readonly #snapshots: Kept[] = []
  readonly #demands: ((image: MemoryStorage, at: number) => void)[] = []

  /** `before` works on the image before recording begins. */
  constructor(random: Random, options: Partial<CreateOptions>, grains: number, before: (disk: Disk, random: Random) => void = () => {}) {
    const all = { ...DEFAULT_OPTIONS, clusterSize: SECTOR, ...options }
    const memory = new MemorySystem()
    this.random = random
    this.grain = all.clusterSize
    const disk = new Disk('image', qcow2.create({ storage: memory.create(IMAGE), ...native, size: grains * this.grain, options: all }))
    before(disk, random)
    disk.close()
    this.#recorded = new RecordedSystem(memory)
    this.#disk = this.#open()
    this.history = new GuestHistory(bytesOf(this.#disk.driver), () => this.calls)
  }

  get calls(): number {
    return this.#recorded.calls.length
  }

  get disk(): Disk {
    return this.#disk
  }

  write(at: number, bytes: Uint8Array): void {
    this.history.write(at, bytes, () => this.#disk.writeAt(at, bytes))
  }

  zero(at: number, length: number): void {
    this.history.write(at, new Uint8Array(length), () => this.#disk.zeroAt(at, length))
  }

  /** Gives whole grains back. On a disk that stands on nothing they read as zeros then. */
  discard(at: number, length: number): void {
    this.history.write(at, new Uint8Array(length), () => this.#disk.discardAt(at, length))
  }

  /** Packs one grain; answers whether it could be. */
  pack(at: number): boolean {
    const plain = this.random.text(this.grain)
    const packed = native.codecs.deflate.pack(plain)
    if (packed) this.history.write(at, plain, () => this.#disk.writePacked(at, packed))
    return packed !== undefined
  }

  flush(): void {
    this.history.flush(() => this.#disk.flush())
  }

  reopen(): void {
    this.history.flush(() => this.#disk.close())
    this.#disk = this.#open()
  }

  resize(grains: number): void {
    const size = grains * this.grain
    const content = new Uint8Array(size)
    content.set(this.history.content.subarray(0, size))
    this.history.replace(content, () => {
      if (size > this.#disk.size) this.#disk.grow(size, 'off')
      else this.#disk.shrink(size, unwatched)
    })
  }

  take(name: string): void {
    const content = this.history.content.slice()
    this.history.flush(() => this.#disk.driver.snapshots!.create({ name, dateSeconds: 1, dateNanoseconds: 0 }, unwatched))
    this.#snapshots.push({ name, content, from: this.calls, until: Infinity })
  }

  goBack(name: string): void {
    const { content } = this.#snapshots.find((one) => one.name === name)!
    this.history.flush(() => this.history.replace(content, () => this.#disk.driver.snapshots!.apply(name, unwatched)))
  }

  drop(name: string): void {
    const kept = this.#snapshots.find((one) => one.name === name)!
    kept.until = this.calls
    this.history.flush(() => this.#disk.driver.snapshots!.remove(name, unwatched))
  }

  /** Something else that must be true of an image after a power cut; `demand` throws where it is not. */
  demand(demand: (image: MemoryStorage, at: number) => void): void {
    this.#demands.push(demand)
  }

  /** Writes, zeroes, packs, gives back and flushes here and there. */
  work(steps: number, { packs = true, zeros = true } = {}): void {
    const { random, grain } = this
    for (let i = 0; i < steps; i++) {
      const size = this.#disk.size
      const at = random.below(size / SECTOR) * SECTOR
      const length = Math.min(size - at, SECTOR * (1 + random.below((grain / SECTOR) * 5)))
      const start = at - (at % grain)
      const kind = random.below(10)
      if (kind < 5) this.write(at, random.bytes(length))
      else if (kind === 5 && zeros) this.zero(at, length)
      else if (kind === 6 && zeros) this.discard(start, Math.min(size - start, grain * (1 + random.below(4))))
      else if (kind === 7 && packs && start + grain <= size && this.pack(start)) continue
      else if (kind === 8) this.flush()
    }
  }

  end(): Recording {
    this.history.flush(() => this.#disk.close())
    const { start, calls } = this.#recorded
    return { start, calls, judge: (left, at) => this.#judge(left.get(IMAGE)!, at) }
  }

  #open(): Disk {
    return new Disk('image', qcow2.open({ storage: this.#recorded.files.open(IMAGE, true), ...native, writable: true }))
  }

  #judge(image: MemoryStorage, at: number): void {
    const driver = openDriver(image, false)
    const fault = this.history.faultOf(bytesOf(driver), at)
    if (fault !== undefined) throw new Error(`the disk: ${fault}`)
    const there = driver.snapshots!.list()
    for (const { name, content, from, until } of this.#snapshots) {
      const listed = there.some((one) => one.name === name)
      if (!listed && at >= from && at <= until) throw new Error(`snapshot ${name} is lost`)
      if (listed && Buffer.compare(bytesOf(driver.snapshots!.open(name)), content) !== 0)
        throw new Error(`snapshot ${name} holds something else`)
    }
    for (const demand of this.#demands) demand(image, at)
    assertSound(image)
  }
}
