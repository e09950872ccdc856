import { describe, expect, it } from 'vitest'
import { unwatched } from '../../src/engine/base/job.ts'
import { Disk } from '../../src/engine/device/disk.ts'
import { DEFAULT_OPTIONS } from '../../src/engine/formats/options.ts'
import { qcow2 } from '../../src/engine/formats/qcow2/index.ts'
import { FaultStorage } from '../../src/engine/io/fault.ts'
import { MemoryStorage } from '../../src/engine/io/memory.ts'
import { type PowerCut, TraceStorage } from '../../src/engine/io/trace.ts'
import { portable } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'
import { codeOf } from '../fixtures/thrown.ts'

const UNIT = 512

/** Which units of the disk a bitmap marks. */
type Marks = Set<number>

/** What was known of the bitmaps after so many calls. */
interface State {
  calls: number
  bitmaps: Map<string, Marks>
}

interface Work {
  states: State[]
  /** what was written to a unit after so many calls, in order */
  writes: { calls: number; unit: number; bytes: Uint8Array }[]
  /** after how many calls an enabled bitmap began to be made or cleared, by name, in order: what was written before is none of its business */
  fresh: Map<string, number[]>
}

function copyOf(bitmaps: Map<string, Marks>): Map<string, Marks> {
  return new Map([...bitmaps].map(([name, marks]) => [name, new Set(marks)]))
}

/** Sessions of random work on enabled bitmaps. After each change and each session the state is one that must not be lost again. */
function work(traced: TraceStorage, random: Random): Work {
  const bitmaps = new Map<string, Marks>()
  const states: State[] = [{ calls: 0, bitmaps: new Map() }]
  const writes: Work['writes'] = []
  const fresh: Work['fresh'] = new Map()
  const calls = (): number => traced.calls.length
  for (let session = 0; session < 6; session++) {
    const driver = qcow2.open({ storage: traced, ...portable, writable: true })
    const disk = new Disk('image', driver)
    const facet = driver.bitmaps!
    for (let step = 0; step < 4; step++) {
      const kind = random.below(8)
      const names = [...bitmaps.keys()]
      const name = names[random.below(names.length)] ?? ''
      const before = calls()
      const anew = (of: string): void => {
        fresh.set(of, [...(fresh.get(of) ?? []), before])
      }
      if (kind < 3) {
        const unit = random.below(disk.size / UNIT)
        const bytes = random.bytes(UNIT)
        disk.writeAt(unit * UNIT, bytes)
        writes.push({ calls: before, unit, bytes })
        for (const marks of bitmaps.values()) marks.add(unit)
      } else if (kind < 5 && names.length < 4) {
        const added = `bitmap ${session}.${step} `.padEnd(20 + random.below(200), 'x')
        facet.add(added, UNIT, true)
        bitmaps.set(added, new Set())
        anew(added)
      } else if (names.length === 0) continue
      else if (kind === 5) {
        facet.clear(name)
        bitmaps.set(name, new Set())
        anew(name)
      } else if (kind === 6) {
        facet.remove(name)
        bitmaps.delete(name)
      } else {
        const unit = random.below(disk.size / UNIT)
        facet.mark(name, [{ at: unit * UNIT, length: 1 }])
        bitmaps.get(name)!.add(unit)
      }
      if (random.below(4) === 0) disk.flush()
    }
    if (session === 3) disk.grow(disk.size + UNIT * 4096, 'off')
    disk.close()
    states.push({ calls: calls(), bitmaps: copyOf(bitmaps) })
  }
  return { states, writes, fresh }
}

/** No corruption, and no bitmap that claims to be right and lacks a mark where the disk is another than when it was made or cleared. */
function assertHonest(image: MemoryStorage, upTo: number, { states, writes, fresh }: Work, what: string): number {
  const driver = qcow2.open({ storage: image, ...portable, writable: false })
  const { corruptions, checkErrors, findings } = driver.check!.check(unwatched)
  expect({ corruptions, checkErrors, findings: corruptions > 0 ? findings : [] }, what).toEqual({
    corruptions: 0,
    checkErrors: 0,
    findings: [],
  })
  const kept = states.findLast(({ calls }) => calls <= upTo)!
  const disk = new Disk('image', driver)
  const now = new Uint8Array(UNIT)
  let right = 0
  for (const { name, flags } of driver.bitmaps!.list()) {
    if (flags.includes('in-use')) continue
    right++
    const marked = new Set<number>()
    for (const { at, length } of driver.bitmaps!.marked(name))
      for (let unit = at / UNIT; unit * UNIT < at + length; unit++) marked.add(unit)
    const since = (fresh.get(name) ?? []).findLast((calls) => calls < upTo) ?? 0
    for (const unit of new Set(writes.map((write) => write.unit))) {
      if (unit * UNIT >= disk.size) continue
      const then = writes.findLast((write) => write.unit === unit && write.calls < since)?.bytes ?? new Uint8Array(UNIT)
      disk.readAt(unit * UNIT, now)
      if (Buffer.compare(now, then) !== 0) expect(marked.has(unit), `${what}: ${name} marks unit ${unit}`).toBe(true)
    }
    const { bitmaps } = kept
    if (since <= kept.calls)
      for (const unit of bitmaps.get(name) ?? []) expect(marked.has(unit), `${what}: ${name} still marks unit ${unit}`).toBe(true)
  }
  return right
}

/** Where the extensions of a new image end. */
const FEATURE_NAMES_END = 504

/** An extension that nobody knows, so long that the bitmaps extension behind it crosses from one sector into the next. */
function unknownExtension(length: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setUint32(0, 0x12345678)
  new DataView(bytes.buffer).setUint32(4, length)
  return bytes
}

describe('a call that fails', () => {
  it.each(['IO', 'NO_SPACE'] as const)('with %s leaves no bitmap that is wrong and claims to be right', (code) => {
    let fired = 0
    for (let nth = 1; ; nth++) {
      const image = new MemoryStorage('image')
      qcow2.create({ storage: image, ...portable, size: UNIT * 3000, options: { ...DEFAULT_OPTIONS, clusterSize: 512 } }).writer!.flush()
      const before = qcow2.open({ storage: image, ...portable, writable: true })
      for (const name of ['kept', 'switched', 'cleared']) before.bitmaps!.add(name, UNIT, true)
      before.close()
      const faulty = new FaultStorage(image, { nth, code })
      const driver = qcow2.open({ storage: faulty, ...portable, writable: true })
      const disk = new Disk('image', driver)
      const bitmaps = driver.bitmaps!
      const steps = [
        () => disk.writeAt(0, new Uint8Array(UNIT).fill(1)),
        () => bitmaps.disable('switched'),
        () => disk.writeAt(UNIT * 7, new Uint8Array(UNIT).fill(1)),
        () => bitmaps.add('added', 4096, true),
        () => bitmaps.clear('cleared'),
        () => disk.writeAt(UNIT * 2000, new Uint8Array(UNIT).fill(1)),
        () => bitmaps.remove('switched'),
        () => disk.close(),
      ]
      // Who goes on after an error must not be deceived either.
      for (const step of steps) expect(['none', 'IO', 'NO_SPACE', 'NOT_FOUND', 'UNSUPPORTED']).toContain(codeOf(step))
      if (!faulty.fired) break
      fired++
      const after = qcow2.open({ storage: image, ...portable, writable: false })
      const { corruptions, checkErrors } = after.check!.check(unwatched)
      expect({ corruptions, checkErrors }, `call ${nth}`).toEqual({ corruptions: 0, checkErrors: 0 })
      const now = new Uint8Array(UNIT)
      for (const { name, flags } of after.bitmaps!.list()) {
        if (name !== 'kept' || flags.includes('in-use')) continue
        const marked = [...after.bitmaps!.marked(name)].map(({ at }) => at / UNIT)
        for (const unit of [0, 7, 2000]) {
          new Disk('image', after).readAt(unit * UNIT, now)
          if (now[0] === 1) expect(marked, `call ${nth}`).toContain(unit)
        }
      }
    }
    expect(fired).toBeGreaterThan(30)
  })
})

describe('a power cut at any moment', () => {
  it.each([
    { clusterSize: 512, backing: false, padding: 0 },
    { clusterSize: 1024, backing: true, padding: 0 },
    { clusterSize: 4096, backing: false, padding: 488 },
  ])(
    'leaves no bitmap that is wrong and claims to be right (clusters of $clusterSize bytes, backing file: $backing, $padding bytes of another extension)',
    ({ clusterSize, backing, padding }) => {
      let cuts = 0
      let right = 0
      for (let seed = 1; seed <= 2; seed++) {
        const random = new Random(seed * 104_729 + clusterSize)
        const fresh = new MemoryStorage('image')
        const options = { ...DEFAULT_OPTIONS, clusterSize }
        const below = { name: 'a name that is long enough to be moved.raw', format: 'raw' }
        qcow2.create({ storage: fresh, ...portable, size: UNIT * 3000, options, ...(backing && { backing: below }) }).writer!.flush()
        if (padding > 0) fresh.writeAt(FEATURE_NAMES_END, unknownExtension(padding))
        const traced = new TraceStorage(fresh)
        const done = work(traced, random)
        for (let upTo = 0; upTo <= traced.calls.length; upTo++) {
          if (traced.calls[upTo]?.kind === 'read') continue
          const chosen = Array.from({ length: upTo }, () => random.below(2) === 0)
          const ways: (PowerCut & { name: string })[] = [
            { name: 'all', choose: () => true },
            { name: 'some', choose: (index) => chosen[index]! },
            { name: 'torn', choose: () => true, tear: (index, sector) => (index * 31 + sector * 17 + seed) % 3 !== 0 },
          ]
          for (const { name, ...way } of ways) {
            const image = traced.afterCrash({ upTo, ...way })
            right += assertHonest(image, upTo, done, `seed ${seed}, cut at ${upTo}, ${name}`)
            if (backing) expect(qcow2.open({ storage: image, ...portable, writable: false }).backing).toEqual(below)
          }
          cuts += ways.length
        }
        // Whatever was dropped, a session that ends rightly leaves right bitmaps.
        const { bitmaps } = qcow2.open({ storage: fresh, ...portable, writable: false })
        expect(bitmaps!.list().every(({ flags }) => !flags.includes('in-use'))).toBe(true)
        for (const [name, marks] of done.states.at(-1)!.bitmaps) {
          const marked = new Set<number>()
          for (const { at, length } of bitmaps!.marked(name)) for (let unit = at / UNIT; unit * UNIT < at + length; unit++) marked.add(unit)
          expect([...marked].sort(), name).toEqual([...marks].sort())
        }
      }
      expect(cuts).toBeGreaterThan(300)
      expect(right).toBeGreaterThan(300)
    },
    120_000,
  )
})
