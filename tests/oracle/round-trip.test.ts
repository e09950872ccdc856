import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConvertRequest } from '../../src/shared/model.ts'
import { createEngine, unwatched } from '../../src/engine/index.ts'
import { hasProgram } from '../fixtures/programs.ts'
import { Random } from '../fixtures/random.ts'

const MIB = 2 ** 20
const engine = createEngine()
const context = { gate: { kind: 'follow' }, job: unwatched } as const

function convert(source: string, target: ConvertRequest['target']): void {
  engine.convert({ source: { path: source }, target, overwrite: true }, context)
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } })
}

function expectSound(image: string): void {
  expect(run('qemu-img', 'check', image)).toContain('No errors were found')
  expect(engine.check({ path: image }, context)).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 })
}

/** Fills a folder from this machine's own /usr, entry by entry, until there are `bytes`. */
function gather(into: string, bytes: number): void {
  const entries = ['/usr/share/doc', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/bin', '/usr/lib'].flatMap(entriesOf)
  const chosen = []
  for (let i = 0, gathered = 0; i < entries.length && gathered < bytes; i++) {
    chosen.push(entries[i]!.path)
    gathered += entries[i]!.bytes
  }
  run('cp', '-a', '--no-clobber', ...chosen, into)
}

function entriesOf(folder: string): { path: string; bytes: number }[] {
  if (!existsSync(folder)) return []
  const lines = run('du', '-b', '--max-depth=1', '--all', folder).trim().split('\n')
  return lines
    .map((line) => ({ bytes: parseInt(line, 10), path: line.slice(line.indexOf('\t') + 1) }))
    .filter(({ path }) => path !== folder)
}

describe.skipIf(!hasProgram('qemu-img') || !hasProgram('mke2fs'))('a real file system (needs qemu-utils and e2fsprogs)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'strata-trip-'))
  const raw = join(folder, 'fs.raw')
  const at = (name: string): string => join(folder, name)
  afterAll(() => rmSync(folder, { recursive: true }))

  beforeAll(() => {
    const tree = at('tree')
    run('mkdir', tree)
    gather(tree, 620 * MIB)
    // A third more than the files take: blocks, inodes and the journal.
    run('mke2fs', '-q', '-t', 'ext4', '-d', tree, raw, `${Math.ceil((Number(run('du', '-sm', tree).split('\t')[0]) * 4) / 3) + 64}M`)
    rmSync(tree, { recursive: true })
  }, 180_000)

  it('of 600 MB and more goes raw, qcow2, compressed qcow2, raw, and is the same', () => {
    expect(statSync(raw).size).toBeGreaterThan(600e6)
    convert(raw, { path: at('plain.qcow2'), format: 'qcow2' })
    expectSound(at('plain.qcow2'))
    expect(run('qemu-img', 'compare', '-f', 'raw', raw, at('plain.qcow2'))).toContain('Images are identical')
    convert(at('plain.qcow2'), { path: at('packed.qcow2'), format: 'qcow2', compress: true })
    rmSync(at('plain.qcow2'))
    expectSound(at('packed.qcow2'))
    expect(run('qemu-img', 'compare', '-f', 'raw', raw, at('packed.qcow2'))).toContain('Images are identical')
    convert(at('packed.qcow2'), { path: at('back.raw'), format: 'raw' })
    run('cmp', raw, at('back.raw'))
    run('e2fsck', '-fn', at('back.raw'))
    // What was a hole or zeros is a hole again.
    expect(statSync(at('back.raw')).blocks).toBeLessThanOrEqual(statSync(raw).blocks)
    rmSync(at('back.raw'))
    rmSync(at('packed.qcow2'))
  }, 300_000)

  it('comes out the same through images that qemu-img wrote', () => {
    run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, at('qemu.qcow2'))
    expectSound(at('qemu.qcow2'))
    convert(at('qemu.qcow2'), { path: at('strata.qcow2'), format: 'qcow2', qcow2: { compat: '0.10' } })
    rmSync(at('qemu.qcow2'))
    expectSound(at('strata.qcow2'))
    run('qemu-img', 'convert', '-O', 'raw', at('strata.qcow2'), at('back.raw'))
    run('cmp', raw, at('back.raw'))
    run('e2fsck', '-fn', at('back.raw'))
    rmSync(at('back.raw'))
    rmSync(at('strata.qcow2'))
  }, 300_000)
})

describe.skipIf(!hasProgram('qemu-img'))('images that qemu-img wrote (needs qemu-utils)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'strata-qemu-'))
  const raw = join(folder, 'disk.raw')
  afterAll(() => rmSync(folder, { recursive: true }))
  beforeAll(() => {
    const random = new Random(11)
    const bytes = new Uint8Array(6 * MIB + 512)
    bytes.set(random.bytes(MIB), 0)
    bytes.set(random.text(2 * MIB), 2 * MIB)
    bytes.set(random.bytes(512), 6 * MIB)
    writeFileSync(raw, bytes)
  })

  const cases = ['0.10', '1.1'].flatMap((compat) =>
    [512, 4096, 65536, 2 * MIB].flatMap((clusterSize) => [[], ['-c']].map((flags) => ({ compat, clusterSize, flags }))),
  )
  it.each(cases)(
    'of compat $compat, clusters of $clusterSize bytes, $flags, are read right and checked clean',
    ({ compat, clusterSize, flags }) => {
      const image = join(folder, 'image.qcow2')
      const back = join(folder, 'back.raw')
      run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', ...flags, '-o', `compat=${compat},cluster_size=${clusterSize}`, raw, image)
      expectSound(image)
      const report = engine.check({ path: image }, context)
      const theirs = JSON.parse(run('qemu-img', 'check', '--output=json', image)) as Record<string, number>
      expect({
        total: report.totalClusters,
        allocated: report.allocatedClusters,
        fragmented: report.fragmentedClusters,
        compressed: report.compressedClusters,
        end: report.imageEndOffset,
      }).toEqual({
        total: theirs['total-clusters'],
        allocated: theirs['allocated-clusters'] ?? 0,
        fragmented: theirs['fragmented-clusters'] ?? 0,
        compressed: theirs['compressed-clusters'] ?? 0,
        end: theirs['image-end-offset'],
      })
      convert(image, { path: back, format: 'raw' })
      run('cmp', raw, back)
    },
  )
})
