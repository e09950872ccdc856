import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { BitmapInfo } from '../../src/shared/model.ts'
import { unwatched } from '../../src/engine/base/job.ts'
import { Disk } from '../../src/engine/device/disk.ts'
import { qcow2 } from '../../src/engine/formats/qcow2/index.ts'
import { nodeFileSystem } from '../../src/engine/io/file-system.node.ts'
import { native } from '../fixtures/platform.ts'
import { hasProgram } from '../fixtures/programs.ts'
import { BITMAP_PROGRAMS, marksByQemu } from '../fixtures/qemu-bitmaps.ts'
import { Random } from '../fixtures/random.ts'
import { scratchFolder } from '../fixtures/scratch.ts'
import { must } from '../oracle/qemu.ts'

const FILE = 'disk.qcow2'

/** One of those who change an image's bitmaps and write its disk. */
interface Player {
  add(name: string, granularity: number, enabled: boolean): void
  change(verb: 'remove' | 'clear' | 'enable' | 'disable', name: string): void
  merge(name: string, source: string): void
  write(at: number, length: number): void
  zero(at: number, length: number): void
  resize(size: number): void
}

function qemu(folder: string): Player {
  const bitmap = (...args: string[]) => must('qemu-img', ['bitmap', '-f', 'qcow2', ...args], folder)
  const io = (command: string) => must('qemu-io', ['-f', 'qcow2', '-c', command, FILE], folder)
  return {
    add: (name, granularity, enabled) => bitmap('--add', ...(enabled ? [] : ['--disable']), '-g', granularity.toString(), FILE, name),
    change: (verb, name) => bitmap(`--${verb}`, FILE, name),
    merge: (name, source) => bitmap('--merge', source, FILE, name),
    write: (at, length) => io(`write -P 7 ${at} ${length}`),
    zero: (at, length) => io(`write -z ${at} ${length}`),
    resize: (size) => must('qemu-img', ['resize', '-q', '-f', 'qcow2', '--shrink', FILE, size.toString()], folder),
  }
}

function strata(folder: string): Player {
  const session = (work: (disk: Disk, bitmaps: NonNullable<Disk['driver']['bitmaps']>) => void): void => {
    const storage = nodeFileSystem.open(join(folder, FILE), true)
    const disk = new Disk(FILE, qcow2.open({ storage, ...native, writable: true }))
    work(disk, disk.driver.bitmaps!)
    disk.close()
  }
  return {
    add: (name, granularity, enabled) => session((_disk, bitmaps) => bitmaps.add(name, granularity, enabled)),
    change: (verb, name) => session((_disk, bitmaps) => bitmaps[verb](name)),
    merge: (name, source) => session((_disk, bitmaps) => bitmaps.mark(name, bitmaps.marked(source))),
    write: (at, length) => session((disk) => disk.writeAt(at, new Uint8Array(length).fill(9))),
    zero: (at, length) => session((disk) => disk.zeroAt(at, length)),
    resize: (size) => session((disk) => (size < disk.size ? disk.shrink(size) : disk.grow(size, 'off'))),
  }
}

/** What the image's bitmaps should be. */
class Model {
  readonly bitmaps = new Map<string, { granularity: number; enabled: boolean; units: Set<number> }>()
  size: number

  constructor(size: number) {
    this.size = size
  }

  mark(name: string, at: number, length: number): void {
    const { granularity, units } = this.bitmaps.get(name)!
    for (let unit = Math.floor(at / granularity); unit * granularity < at + length; unit++) units.add(unit)
  }

  written(at: number, length: number): void {
    for (const [name, { enabled }] of this.bitmaps) if (enabled) this.mark(name, at, length)
  }

  ranges(name: string): { at: number; length: number }[] {
    const { granularity, units } = this.bitmaps.get(name)!
    const ranges: { at: number; length: number }[] = []
    for (const unit of [...units].sort((a, b) => a - b)) {
      const at = unit * granularity
      const length = Math.min(granularity, this.size - at)
      const last = ranges.at(-1)
      if (last && last.at + last.length === at) last.length += length
      else ranges.push({ at, length })
    }
    return ranges
  }

  resize(size: number): void {
    this.size = size
    for (const { granularity, units } of this.bitmaps.values()) for (const unit of units) if (unit * granularity >= size) units.delete(unit)
  }
}

/** One step of one player, and of the model. */
function step(player: Player, model: Model, random: Random): void {
  const names = [...model.bitmaps.keys()]
  const name = names[random.below(names.length)]
  const bitmap = name === undefined ? undefined : model.bitmaps.get(name)
  const kind = random.below(16)
  if (kind < 7) {
    const sectors = model.size / 512
    const first = random.below(sectors)
    const count = Math.min(sectors - first, 1 + random.below(random.below(3) === 0 ? 4000 : 20))
    const [at, length] = [first * 512, count * 512]
    if (kind < 5) player.write(at, length)
    else player.zero(at, length)
    model.written(at, length)
  } else if (kind < 9 && names.length < 4) {
    const fresh = `bitmap-${names.length}-${random.below(1e6)}`
    const granularity = 2 ** (9 + random.below(12))
    const enabled = random.below(3) > 0
    player.add(fresh, granularity, enabled)
    model.bitmaps.set(fresh, { granularity, enabled, units: new Set() })
  } else if (name === undefined || !bitmap) return
  else if (kind < 10) {
    player.change('clear', name)
    bitmap.units.clear()
  } else if (kind < 12) {
    player.change(bitmap.enabled ? 'disable' : 'enable', name)
    bitmap.enabled = !bitmap.enabled
  } else if (kind < 14) {
    const source = names[random.below(names.length)]!
    player.merge(name, source)
    for (const { at, length } of model.ranges(source)) model.mark(name, at, length)
  } else if (kind < 15 && names.length > 2) {
    player.change('remove', name)
    model.bitmaps.delete(name)
  } else {
    // On a cluster's border nothing has to be written to grow.
    const size = 2 ** 22 + 2 ** 21 * random.below(8)
    player.resize(size)
    model.resize(size)
  }
}

function compare(folder: string, model: Model, what: string): void {
  expect(must('qemu-img', ['check', FILE], folder), what).toContain('No errors were found on the image.')
  const storage = nodeFileSystem.open(join(folder, FILE), false)
  const driver = qcow2.open({ storage, ...native, writable: false })
  const { corruptions, leaks, checkErrors } = driver.check!.check(unwatched)
  expect({ corruptions, leaks, checkErrors }, what).toEqual({ corruptions: 0, leaks: 0, checkErrors: 0 })
  const listed = driver.bitmaps!.list()
  const seen = JSON.parse(must('qemu-img', ['info', '--output=json', FILE], folder)) as {
    'format-specific': { data: { bitmaps?: BitmapInfo[] } }
  }
  const byName = (list: BitmapInfo[]) => [...list].sort((a, b) => (a.name < b.name ? -1 : 1))
  expect(byName(seen['format-specific'].data.bitmaps ?? []), what).toEqual(byName(listed))
  expect(byName(listed), what).toEqual(
    byName([...model.bitmaps].map(([name, { granularity, enabled }]) => ({ name, granularity, flags: enabled ? ['auto'] : [] }))),
  )
  for (const name of model.bitmaps.keys()) {
    expect([...driver.bitmaps!.marked(name)], `${what}: ${name}, as Strata reads it`).toEqual(model.ranges(name))
    expect(marksByQemu(folder, FILE, name), `${what}: ${name}, as QEMU reads it`).toEqual(model.ranges(name))
  }
  driver.close()
}

const missing = [...BITMAP_PROGRAMS, 'qemu-io'].filter((program) => !hasProgram(program))

describe.skipIf(missing.length > 0)(`bitmaps in turns with QEMU${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  it.each([
    { options: 'cluster_size=512', size: 2 ** 22 },
    { options: 'cluster_size=64k,lazy_refcounts=on', size: 2 ** 24 },
    { options: 'cluster_size=2M,refcount_bits=1', size: 2 ** 25 },
    { options: 'cluster_size=64k,extended_l2=on', size: 2 ** 24 },
  ])(
    'are the same to both ($options)',
    ({ options, size }) => {
      const folder = scratchFolder()
      must('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', options, FILE, size.toString()], folder)
      const model = new Model(size)
      const random = new Random(size + options.length)
      const players = [qemu(folder), strata(folder)]
      for (let turn = 0; turn < 12; turn++) {
        const player = players[turn % 2]!
        for (let i = 0; i < 4; i++) step(player, model, random)
        if (turn % 4 > 1 || turn === 5) compare(folder, model, `turn ${turn}`)
      }
      expect(model.bitmaps.size).toBeGreaterThan(0)
    },
    120_000,
  )
})
