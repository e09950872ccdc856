import { describe, expect, it } from 'vitest'
import type { ConvertRequest } from '../../src/shared/requests.ts'
import { Disk } from '../../src/engine/device/disk.ts'
import { createEngine, unwatched } from '../../src/engine/index.ts'
import { qcow2 } from '../../src/engine/formats/qcow2/index.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { portable } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'
import { TracedSystem } from '../fixtures/system-cuts.ts'

const context = { gate: { kind: 'follow' }, job: unwatched } as const
const SIZE = 256 * 1024

/** A source, and an image of the same size that holds other bytes, some of them in a snapshot too. */
function bench() {
  const files = new MemorySystem()
  const random = new Random(11)
  const fresh = random.bytes(SIZE)
  fresh.fill(0, 60_000, 130_000)
  files.create('/source').writeAt(0, fresh)
  const old = random.bytes(SIZE)
  files.create('/old').writeAt(0, old)
  const engine = createEngine(undefined, { files, ...portable })
  const target = { path: '/target', format: 'qcow2', qcow2: { clusterSize: 4096 } } as const
  engine.convert({ source: { path: '/old' }, target, overwrite: false }, context)
  engine.snapshot({ path: '/target', action: { do: 'create', name: 'before' } }, context)
  return { files, fresh, old }
}

const WAYS: [string, Partial<ConvertRequest>, Partial<ConvertRequest['target']>][] = [
  ['as it is', {}, {}],
  ['compressed', {}, { compress: true }],
  ['compared', {}, { inPlace: 'compared' }],
  ['every byte', { sparse: 0 }, {}],
]

describe('a power cut while an image that is there is written into', () => {
  it.each(WAYS)('leaves a sound image, each of whose sectors is the old or the new one (%s)', (_way, request, target) => {
    const { files, fresh, old } = bench()
    const traced = new TracedSystem(files)
    const engine = createEngine(undefined, { files: traced.files, ...portable })
    engine.convert(
      {
        source: { path: '/source' },
        target: { path: '/target', format: 'qcow2', inPlace: 'unknown', ...target },
        overwrite: false,
        ...request,
      },
      context,
    )
    let cuts = 0
    for (const { left, name } of traced.cuts(3)) {
      const image = left.find(({ path }) => path === '/target')?.image
      if (!image) continue
      const driver = qcow2.open({ storage: image, ...portable, writable: false })
      const report = driver.check!.check(unwatched)
      expect({ corruptions: report.corruptions, errors: report.checkErrors }, name).toEqual({ corruptions: 0, errors: 0 })
      const bytes = new Uint8Array(SIZE)
      new Disk('target', driver).readAt(0, bytes)
      for (let at = 0; at < SIZE; at += 512) {
        const sector = Buffer.from(bytes.subarray(at, at + 512))
        const known = [fresh, old].some((one) => sector.equals(one.subarray(at, at + 512)))
        if (!known) expect.fail(`${name}: the sector at ${at} is neither the old nor the new one`)
      }
      cuts++
    }
    expect(cuts).toBeGreaterThan(20)
  })
})
