import { describe, expect, it } from 'vitest'
import type { Compat } from '../../src/shared/model.ts'
import { unwatched } from '../../src/engine/base/job.ts'
import { Disk } from '../../src/engine/device/disk.ts'
import { DEFAULT_OPTIONS } from '../../src/engine/formats/options.ts'
import { qcow2 } from '../../src/engine/formats/qcow2/index.ts'
import { MemoryStorage } from '../../src/engine/io/memory.ts'
import { TraceStorage } from '../../src/engine/io/trace.ts'
import { portable } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'

const codec = portable.codecs.deflate

/** What the disk held at a flush, and what of it has been written to since, byte by byte. */
interface Promise {
  /** calls made when the flush had returned */
  calls: number
  content: Uint8Array
}

/** Runs random work on an image, and remembers after each flush what must never be lost again. */
function work(
  traced: TraceStorage,
  clusterSize: number,
  random: Random,
): { promises: Promise[]; touched: { calls: number; at: number; end: number }[] } {
  const disk = new Disk('image', qcow2.open({ storage: traced, ...portable, writable: true }))
  let content = new Uint8Array(disk.size)
  const promises: Promise[] = [{ calls: 0, content: content.slice() }]
  const touched: { calls: number; at: number; end: number }[] = []
  const change = (at: number, bytes: Uint8Array, run: () => void): void => {
    const calls = traced.calls.length
    run()
    content.set(bytes, at)
    touched.push({ calls, at, end: at + bytes.length })
  }
  for (let i = 0; i < 40; i++) {
    const at = random.below(disk.size)
    const length = Math.min(disk.size - at, random.length(clusterSize * 6))
    const kind = random.below(10)
    if (kind < 5) {
      const bytes = random.bytes(length)
      change(at, bytes, () => disk.writeAt(at, bytes))
    } else if (kind < 6) change(at, new Uint8Array(length), () => disk.zeroAt(at, length))
    else if (kind < 8) {
      const start = at - (at % clusterSize)
      const plain = random.text(clusterSize)
      const packed = codec.pack(plain)
      if (packed && start + clusterSize <= disk.size) change(start, plain, () => disk.writePacked(start, packed))
    } else if (kind < 9) {
      disk.flush()
      promises.push({ calls: traced.calls.length, content: content.slice() })
    } else {
      disk.grow(disk.size + clusterSize * 64 * random.below(40), 'off')
      const grown = new Uint8Array(disk.size)
      grown.set(content)
      content = grown
    }
  }
  disk.flush()
  promises.push({ calls: traced.calls.length, content })
  return { promises, touched }
}

function assertWhole(image: MemoryStorage, promise: Promise, touched: { at: number; end: number }[], what: string): void {
  const driver = qcow2.open({ storage: image, ...portable, writable: false })
  const report = driver.check!.check(unwatched)
  expect(
    { corruptions: report.corruptions, errors: report.checkErrors, findings: report.corruptions ? report.findings : [] },
    what,
  ).toEqual({
    corruptions: 0,
    errors: 0,
    findings: [],
  })
  const disk = new Disk('image', driver)
  expect(disk.size, what).toBeGreaterThanOrEqual(promise.content.length)
  const bytes = new Uint8Array(promise.content.length)
  disk.readAt(0, bytes)
  const expected = promise.content.slice()
  for (const { at, end } of touched) {
    bytes.fill(0, at, end)
    expected.fill(0, at, end)
  }
  expect(Buffer.compare(bytes, expected), `${what}: what was flushed is still there`).toBe(0)
}

describe('a power cut at any moment', () => {
  const cases = (['0.10', '1.1'] as Compat[]).flatMap((compat) => [512, 4096].map((clusterSize) => ({ compat, clusterSize })))
  it.each(cases)(
    'leaves an image without corruption, and with all that was flushed (compat $compat, clusters of $clusterSize bytes)',
    ({ compat, clusterSize }) => {
      let cuts = 0
      for (let seed = 1; seed <= (clusterSize === 512 ? 4 : 1); seed++) {
        const random = new Random(seed * 7919 + clusterSize)
        const fresh = new MemoryStorage('image')
        qcow2
          .create({ storage: fresh, ...portable, size: clusterSize * 100 + 512, options: { ...DEFAULT_OPTIONS, clusterSize, compat } })
          .writer!.flush()
        const traced = new TraceStorage(fresh)
        const { promises, touched } = work(traced, clusterSize, random)
        for (let upTo = 0; upTo <= traced.calls.length; upTo++) {
          if (traced.calls[upTo]?.kind === 'read') continue
          const promise = promises.findLast(({ calls }) => calls <= upTo)!
          const since = touched.filter(({ calls }) => calls >= promise.calls && calls < upTo)
          const chosen = new Set<number>()
          for (let i = 0; i < upTo; i++) if (random.below(2) === 0) chosen.add(i)
          const ways = [
            { name: 'all', choose: () => true },
            { name: 'some', choose: (index: number) => chosen.has(index) },
            { name: 'torn', choose: () => true, tear: (index: number, sector: number) => (index * 31 + sector * 17 + seed) % 3 !== 0 },
          ]
          for (const { name, ...way } of ways)
            assertWhole(traced.afterCrash({ upTo, ...way }), promise, since, `seed ${seed}, cut at ${upTo}, ${name}`)
          cuts += ways.length
        }
      }
      expect(cuts).toBeGreaterThan(300)
    },
    120_000,
  )
})
