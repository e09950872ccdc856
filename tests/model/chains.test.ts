import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/engine/io/file-system.node.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { ChainBench, type ChainImage, context, standsOn } from '../fixtures/chains.ts'
import { native } from '../fixtures/platform.ts'
import { hasProgram } from '../fixtures/programs.ts'
import { Random } from '../fixtures/random.ts'
import { scratchFolder } from '../fixtures/scratch.ts'

/** A random change of one image: committed to some layer below it, put on another image or on none, or worked on. Answers with what was done. */
function step(bench: ChainBench, random: Random): string {
  const image = bench.images[random.below(bench.images.length)]!
  const below = layersBelow(image)
  const choice = random.below(5)
  if (choice < 2 && below.length > 0) {
    const base = random.below(2) === 0 ? undefined : below[random.below(below.length)]
    const keep = random.below(2) === 0
    bench.commit(image, base, keep)
    return `commit of ${image.path} to ${base?.path ?? 'its backing file'}, keep ${keep}`
  }
  if (choice < 4 && image.format === 'qcow2') {
    const others = bench.images.filter((other) => other !== image && !standsOn(other, image))
    const backing = others[random.below(others.length + 1)]
    const compress = image.packs && random.below(3) === 0
    bench.rebase(image, backing, { compress, stated: random.below(2) === 0 || backing?.format === 'raw' })
    return `rebase of ${image.path} onto ${backing?.path ?? 'nothing'}, compress ${compress}`
  }
  if (bench.images.some((other) => standsOn(other, image))) return 'nothing'
  bench.work(image, 1 + random.below(4))
  return `work on ${image.path}`
}

function layersBelow({ backing }: ChainImage): ChainImage[] {
  return backing ? [backing, ...layersBelow(backing)] : []
}

function assertAsModelled(bench: ChainBench, what: string): void {
  for (const image of bench.images) {
    expect(Buffer.compare(bench.contentOf(image), image.content), `${what}: ${image.path}`).toBe(0)
    if (image.format === 'raw') continue
    const { corruptions, leaks, checkErrors, findings } = bench.engine.check({ path: image.path, format: 'qcow2' }, context)
    expect({ corruptions, leaks, checkErrors, findings }, `${what}: ${image.path}`).toMatchObject({
      corruptions: 0,
      leaks: 0,
      checkErrors: 0,
    })
  }
}

/** A chain of one to six layers, and a branch off it. */
function benchOf(random: Random, platform: ChainBench['platform'], folder: string): ChainBench {
  const bench = new ChainBench(platform, random, folder)
  bench.chain(1 + random.below(6))
  bench.add(bench.images[random.below(bench.images.length)])
  if (random.below(2) === 0) bench.chain(1 + random.below(2))
  return bench
}

describe('chains that are committed, rebased and flattened at random', () => {
  const seeds = Array.from({ length: 12 }, (_, i) => i + 1)
  it.each(seeds)('keep their content (seed %i)', (seed) => {
    for (let round = 0; round < 3; round++) {
      const random = new Random(seed * 1000 + round)
      const bench = benchOf(random, { files: new MemorySystem(), ...native }, '')
      const done: string[] = []
      for (let i = 0; i < 8; i++) {
        done.push(step(bench, random))
        assertAsModelled(bench, `round ${round}: ${done.join('; ')}`)
      }
    }
  })

  it.skipIf(!hasProgram('qemu-img')).each([71, 72, 73])(
    'are sound in QEMU’s eyes and read the same there (seed %i; needs qemu-utils)',
    (seed) => {
      const random = new Random(seed)
      const folder = scratchFolder()
      const bench = benchOf(random, { files: nodeFileSystem, ...native }, folder)
      for (let i = 0; i < 6; i++) step(bench, random)
      assertAsModelled(bench, 'here')
      for (const { path, format, content } of bench.images) {
        writeFileSync(`${folder}/expected`, content)
        if (format === 'qcow2') expect(qemu('check', '-f', 'qcow2', path)).toContain('No errors were found')
        expect(qemu('compare', '-f', format, '-F', 'raw', path, `${folder}/expected`)).toBe('Images are identical.\n')
      }
    },
  )
})

function qemu(...args: string[]): string {
  return execFileSync('qemu-img', args, { encoding: 'utf8' })
}
