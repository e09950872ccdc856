import type { Secrets } from '../../src/shared/secrets.ts'
import { Disk } from '../../src/engine/device/disk.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { createEngine, unwatched } from '../../src/engine/index.ts'
import { nodeFileSystem } from '../../src/engine/io/file-system.node.ts'
import { native } from '../fixtures/platform.ts'
import type { Step } from './differential-model.ts'
import { noise } from './differential-noise.ts'
import type { Marks, Place, Player } from './differential-player.ts'

const gate = { kind: 'follow' } as const
const platform = { files: nodeFileSystem, ...native }
const engine = createEngine()
const context = { gate, job: unwatched }

/** Strata's engine, in this process. */
export class StrataPlayer implements Player {
  readonly name = 'Strata'
  readonly #place: Place

  constructor(place: Place) {
    this.#place = place
  }

  create(size: number): void {
    const { path, row, backing } = this.#place
    const { compat, clusterSize, refcountBits, extendedL2, lazy, packs, data, encryption } = row
    engine.create(
      {
        path,
        format: 'qcow2',
        size,
        qcow2: {
          ...{ compat, clusterSize, refcountBits, extendedL2, lazyRefcounts: lazy },
          compressionType: packs === 'zstd' ? 'zstd' : 'zlib',
          ...(data !== 'inside' && { dataFile: `${path}.data`, dataFileRaw: data === 'raw outside' }),
          ...(encryption !== 'none' && { encrypt: { format: encryption, secret: path, iterTime: 10 } }),
        },
        overwrite: false,
        ...(backing && { backing: { name: backing.path, format: backing.format } }),
      },
      { ...context, secrets: this.#secrets() },
    )
  }

  #secrets(): Secrets {
    return { [this.#place.path]: new TextEncoder().encode(this.#place.passphrase) }
  }

  play(steps: readonly Step[]): void {
    this.#with(true, (disk) => {
      for (const step of steps) this.#step(disk, step)
    })
  }

  #step(disk: Disk, step: Step): void {
    const { snapshots, amend, bitmaps } = disk.driver
    switch (step.do) {
      case 'write':
        return disk.writeAt(step.at, noise(step.noise, step.length))
      case 'pack':
        return this.#pack(disk, step.at, noise(step.noise, step.length))
      case 'zero':
        return disk.zeroAt(step.at, step.length)
      case 'discard':
        return disk.discardAt(step.at, step.length)
      case 'snapshot':
        return void snapshots!.create({ name: step.name, dateSeconds: 1_700_000_000, dateNanoseconds: 0 }, unwatched)
      case 'apply':
        return snapshots!.apply(step.name, unwatched)
      case 'remove':
        return snapshots!.remove(step.name, unwatched)
      case 'resize':
        if (step.to > step.from) disk.grow(step.to, 'off')
        else disk.driver.resize!.shrink!(step.to, unwatched)
        return
      case 'amend': {
        const { do: _verb, ...changes } = step
        return amend!.amend(changes, unwatched)
      }
      case 'bitmap add':
        return bitmaps!.add(step.name, step.granularity, true)
      case 'bitmap remove':
        return bitmaps!.remove(step.name)
      case 'bitmap clear':
        return bitmaps!.clear(step.name)
      case 'bitmap enable':
        return bitmaps!.enable(step.name)
      case 'bitmap disable':
        return bitmaps!.disable(step.name)
      case 'bitmap merge':
        return bitmaps!.mark(step.name, [...bitmaps!.marked(step.from)])
    }
  }

  #pack(disk: Disk, at: number, bytes: Uint8Array): void {
    const { clusterSize } = this.#place.row
    for (let done = 0; done < bytes.length; done += clusterSize) {
      const plain = bytes.subarray(done, done + clusterSize)
      const packed = disk.driver.codec!.pack(plain)
      if (packed) disk.writePacked(at + done, packed)
      else disk.writeAt(at + done, plain)
    }
  }

  check(): string {
    const { corruptions, leaks, checkErrors, findings } = engine.check({ path: this.#place.path, format: 'qcow2' }, context)
    return corruptions + leaks + checkErrors === 0 ? '' : findings.map(({ message }) => message).join('\n')
  }

  differs(bytes: Uint8Array): string {
    return this.#with(false, (disk) => {
      if (disk.size !== bytes.length) return `the disk has ${disk.size} bytes and not ${bytes.length}`
      const now = new Uint8Array(bytes.length)
      disk.readAt(0, now)
      if (Buffer.compare(now, bytes) === 0) return ''
      const at = now.findIndex((byte, i) => byte !== bytes[i])
      return `byte ${at} is ${now[at]} and not ${bytes[at]}`
    })
  }

  snapshot(name: string): Uint8Array | undefined {
    return this.#with(false, (disk) => {
      if (!disk.driver.snapshots?.open) return undefined
      const driver = disk.driver.snapshots.open(name)
      const bytes = new Uint8Array(driver.size)
      new Disk(disk.path, driver, disk.below).readAt(0, bytes)
      return bytes
    })
  }

  marks(name: string): Marks {
    return this.#with(false, ({ driver }) => [...driver.bitmaps!.marked(name)])
  }

  #with<T>(writable: boolean, use: (disk: Disk) => T): T {
    const disk = openDisk(platform, this.#place.path, { gate, writable, format: 'qcow2', secrets: this.#secrets() })
    try {
      return use(disk)
    } finally {
      disk.close()
    }
  }
}
