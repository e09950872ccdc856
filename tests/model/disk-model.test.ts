import { describe, expect, it } from 'vitest'
import type { Finding, Qcow2Options } from '../../src/shared/model.ts'
import { unwatched } from '../../src/engine/base/job.ts'
import type { Disk } from '../../src/engine/device/disk.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import type { Platform } from '../../src/engine/device/platform.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { check } from '../../src/engine/operations/check.ts'
import { create } from '../../src/engine/operations/create.ts'
import { CLUSTER_SIZES, VERSIONS } from '../fixtures/matrix.ts'
import { Random } from '../fixtures/random.ts'
import { portable } from '../fixtures/platform.ts'

const gate = { kind: 'follow' } as const
const watch = { staged() {}, settled() {} }

/** A disk and what it should hold: every operation is done to both. */
class Modelled {
  readonly disk: Disk
  readonly bytes: Uint8Array
  readonly #random: Random

  constructor(disk: Disk, bytes: Uint8Array, random: Random) {
    this.disk = disk
    this.bytes = bytes
    this.#random = random
  }

  step(): void {
    const at = this.#random.below(this.bytes.length)
    const length = Math.min(this.bytes.length - at, this.#random.length(this.bytes.length / 4))
    const grain = this.disk.driver.packGrain ?? this.disk.driver.grain
    switch (this.#random.below(6)) {
      case 0:
      case 1: {
        const data = this.#random.bytes(length)
        this.disk.writeAt(at, data)
        this.bytes.set(data, at)
        return
      }
      case 2:
        this.disk.zeroAt(at, length)
        this.bytes.fill(0, at, at + length)
        return
      case 3: {
        const start = at - (at % grain)
        if (start + grain > this.bytes.length) return
        const plain = this.#random.text(grain)
        const packed = this.disk.driver.codec!.pack(plain)
        if (!packed) return
        this.disk.writePacked(start, packed)
        this.bytes.set(plain, start)
        return
      }
      case 4: {
        // What is given back reads as zeros; what isn't (the ends, version 2 over a backing file) stays: the disk is asked which.
        this.disk.discardAt(at, length)
        const now = new Uint8Array(length)
        this.disk.readAt(at, now)
        for (let i = 0; i < length; i++) if (now[i] !== 0) expect(now[i]).toBe(this.bytes[at + i])
        this.bytes.set(now, at)
        return
      }
      case 5:
        this.disk.flush()
    }
  }

  compare(): void {
    for (let i = 0; i < 4; i++) {
      const at = this.#random.below(this.bytes.length)
      const into = new Uint8Array(Math.min(this.bytes.length - at, this.#random.length(this.bytes.length / 2)))
      this.disk.readAt(at, into)
      expect(Buffer.compare(into, this.bytes.subarray(at, at + into.length)), `bytes from ${at}`).toBe(0)
    }
  }
}

function checked(platform: Platform, path: string): { corruptions: number; leaks: number; checkErrors: number; findings: Finding[] } {
  const { corruptions, leaks, checkErrors, findings } = check(platform, { path }, { gate, job: unwatched })
  return { corruptions, leaks, checkErrors, findings }
}

const CLEAN = { corruptions: 0, leaks: 0, checkErrors: 0, findings: [] }

const FEATURES: [name: string, sizes: number[], options: Qcow2Options][] = [
  ['compat 0.10', CLUSTER_SIZES, { compat: '0.10' }],
  ['compat 1.1', CLUSTER_SIZES, { compat: '1.1' }],
  ['extended L2 entries', CLUSTER_SIZES.filter((size) => size >= 16384), { extendedL2: true }],
  ['lazy reference counts', [512, 65536], { lazyRefcounts: true }],
  ['compression type zstd', [512, 4096, 65536], { compressionType: 'zstd' }],
]

describe.each(FEATURES)('%s', (_name, sizes, options) => {
  it.each(sizes)('agrees with a model over clusters of %i bytes, with and without a backing file', (clusterSize) => {
    const random = new Random(clusterSize + JSON.stringify(options).length)
    const platform: Platform = { files: new MemorySystem(), ...portable }
    const size = Math.max(clusterSize * 9, 64 * 1024) + 512 * 3
    const baseSize = size - clusterSize * 2 - 512
    const empty = new Uint8Array(size)

    create(
      platform,
      { path: '/base', format: 'qcow2', size: alignSector(baseSize), qcow2: { clusterSize, ...options }, overwrite: false },
      { gate, job: unwatched },
      watch,
    )
    const base = new Modelled(openDisk(platform, '/base', { gate, writable: true }), empty.slice(0, alignSector(baseSize)), random)
    for (let i = 0; i < 25; i++) base.step()
    base.compare()
    base.disk.close()
    expect(checked(platform, '/base')).toEqual(CLEAN)

    create(
      platform,
      {
        path: '/top',
        format: 'qcow2',
        size,
        backing: { name: 'base', format: 'qcow2' },
        qcow2: { clusterSize, ...options },
        overwrite: false,
      },
      { gate, job: unwatched },
      watch,
    )
    empty.set(base.bytes)
    let top = new Modelled(openDisk(platform, '/top', { gate, writable: true }), empty, random)
    top.compare()
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 15; i++) top.step()
      top.compare()
      top.disk.close()
      expect(checked(platform, '/top')).toEqual(CLEAN)
      top = new Modelled(openDisk(platform, '/top', { gate, writable: true }), top.bytes, random)
      top.compare()
    }
    top.disk.close()
  })
})

describe('growing', () => {
  it.each([512, 4096, 65536])('shows zeros in the new room, whatever the layer below holds there (clusters of %i bytes)', (clusterSize) => {
    for (const compat of VERSIONS) {
      const random = new Random(clusterSize)
      const platform: Platform = { files: new MemorySystem(), ...portable }
      create(platform, { path: '/base', format: 'raw', size: clusterSize * 8, overwrite: false }, { gate, job: unwatched }, watch)
      const base = openDisk(platform, '/base', { gate, writable: true })
      base.writeAt(0, random.bytes(clusterSize * 8))
      base.close()
      const small = clusterSize * 2 + 512
      const request = { path: '/top', format: 'qcow2', size: small, backing: { name: '/base', format: 'raw' } } as const
      create(platform, { ...request, qcow2: { clusterSize, compat }, overwrite: false }, { gate, job: unwatched }, watch)
      const top = openDisk(platform, '/top', { gate, writable: true })
      const before = new Uint8Array(small)
      top.readAt(0, before)
      top.grow(clusterSize * 40, 'off')
      const after = new Uint8Array(clusterSize * 40)
      top.readAt(0, after)
      expect(Buffer.compare(after.subarray(0, small), before)).toBe(0)
      expect(after.subarray(small).every((byte) => byte === 0)).toBe(true)
      top.close()
      expect(checked(platform, '/top')).toEqual(CLEAN)
    }
  })

  it('shows zeros in what is left of a cluster of which some subclusters are mapped', () => {
    const platform: Platform = { files: new MemorySystem(), ...portable }
    create(platform, { path: '/base', format: 'raw', size: 2 ** 20, overwrite: false }, { gate, job: unwatched }, watch)
    const base = openDisk(platform, '/base', { gate, writable: true })
    base.writeAt(0, new Uint8Array(2 ** 20).fill(7))
    base.close()
    const request = { path: '/top', format: 'qcow2', size: 65536, backing: { name: '/base', format: 'raw' } } as const
    create(platform, { ...request, qcow2: { extendedL2: true }, overwrite: false }, { gate, job: unwatched }, watch)
    const top = openDisk(platform, '/top', { gate, writable: true })
    top.grow(65536 + 2048 + 512, 'off')
    top.grow(65536 * 3 + 2048, 'metadata')
    top.grow(65536 * 4, 'off')
    const bytes = new Uint8Array(top.size)
    top.readAt(0, bytes)
    expect(bytes.lastIndexOf(7)).toBe(65535)
    top.close()
    expect(checked(platform, '/top')).toEqual(CLEAN)
  })
})

function alignSector(size: number): number {
  return size - (size % 512)
}
