import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nativeDeflate } from '../../src/engine/codec/deflate.node.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { createEngine, unwatched } from '../../src/engine/index.ts'
import { nodeFileSystem } from '../../src/engine/io/file-system.node.ts'
import { VERSIONS } from '../fixtures/matrix.ts'
import { hasProgram } from '../fixtures/programs.ts'
import { Random } from '../fixtures/random.ts'
import { native } from '../fixtures/platform.ts'

const gate = { kind: 'follow' } as const
const context = { gate, job: unwatched }
const platform = { files: nodeFileSystem, ...native }
const engine = createEngine()
const qemu = (...args: string[]): string => execFileSync('qemu-img', args, { encoding: 'utf8' })
const SIZE = 2 ** 20

describe.skipIf(!hasProgram('qemu-img'))('an internal snapshot that QEMU took (needs qemu-utils)', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-snapshots-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const cases = VERSIONS.flatMap((compat) => [512, 4096, 65536].map((clusterSize) => ({ compat, clusterSize })))
  it.each(cases)(
    'stays as it was under writes, zeros and packed writes (compat $compat, clusters of $clusterSize bytes)',
    ({ compat, clusterSize }) => {
      const image = join(folder, `${compat}-${clusterSize}.qcow2`)
      const random = new Random(clusterSize)
      engine.create({ path: image, format: 'qcow2', size: SIZE, qcow2: { compat, clusterSize }, overwrite: false }, context)
      const before = random.bytes(SIZE / 2)
      change((disk) => disk.writeAt(SIZE / 4, before))
      qemu('snapshot', '-c', 'first', image)
      const model = new Uint8Array(SIZE)
      model.set(before, SIZE / 4)

      change((disk) => {
        for (let i = 0; i < 20; i++) {
          const at = random.below(SIZE - 70_000)
          const bytes = random.bytes(random.length(70_000))
          disk.writeAt(at, bytes)
          model.set(bytes, at)
        }
        disk.zeroAt(SIZE / 2, 65_536)
        model.fill(0, SIZE / 2, SIZE / 2 + 65_536)
        const plain = random.text(clusterSize)
        const packed = nativeDeflate.pack(plain)
        expect(packed).toBeDefined()
        disk.writePacked(SIZE / 4, packed!)
        model.set(plain, SIZE / 4)
      })
      expect(qemu('check', image)).toContain('No errors were found')
      const report = engine.check({ path: image }, context)
      expect([report.corruptions, report.leaks]).toEqual([0, 0])
      expect(engine.info({ path: image }, context).layers[0]?.snapshots).toMatchObject([{ id: '1', name: 'first', vmStateSize: 0 }])
      expect(Buffer.compare(read(image, SIZE), model)).toBe(0)

      qemu('snapshot', '-a', 'first', image)
      const applied = read(image, SIZE)
      expect(Buffer.compare(applied.subarray(SIZE / 4, SIZE / 4 + before.length), before)).toBe(0)
      expect(applied.subarray(0, SIZE / 4).every((byte) => byte === 0)).toBe(true)

      function change(run: (disk: ReturnType<typeof openDisk>) => void): void {
        const disk = openDisk(platform, image, { gate, writable: true })
        run(disk)
        disk.close()
      }
    },
  )

  it('keeps a version 2 image from being resized, and a version 3 image grows with it', () => {
    for (const compat of VERSIONS) {
      const image = join(folder, `grow-${compat}.qcow2`)
      engine.create({ path: image, format: 'qcow2', size: SIZE, qcow2: { compat }, overwrite: false }, context)
      qemu('snapshot', '-c', 'first', image)
      const grow = (): unknown => engine.resize({ path: image, size: SIZE * 4096 }, context)
      if (compat === '0.10') expect(grow).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
      else grow()
      expect(qemu('check', image)).toContain('No errors were found')
    }
  })

  it.each([1, 2, 4, 8, 16, 32, 64])('is no trouble for reference counts of %i bits', (refcountBits) => {
    const image = join(folder, `width-${refcountBits}.qcow2`)
    engine.create({ path: image, format: 'qcow2', size: SIZE, qcow2: { refcountBits, clusterSize: 4096 }, overwrite: false }, context)
    const bytes = new Random(refcountBits).bytes(SIZE / 2)
    const disk = openDisk(platform, image, { gate, writable: true })
    disk.writeAt(1000, bytes)
    const plain = new Random(3).text(4096)
    // Narrow counters leave a snapshot no room when many packed clusters share a host cluster.
    for (let at = 0; at < (refcountBits < 8 ? 1 : 8); at++) disk.writePacked(SIZE / 2 + 8192 + at * 4096, nativeDeflate.pack(plain)!)
    disk.close()
    expect(qemu('check', image)).toContain('No errors were found')
    if (refcountBits > 1) qemu('snapshot', '-c', 'a', image)
    const again = openDisk(platform, image, { gate, writable: true })
    again.writeAt(0, bytes)
    again.close()
    expect(qemu('check', image)).toContain('No errors were found')
    expect(engine.check({ path: image }, context)).toMatchObject({ corruptions: 0, leaks: 0 })
    expect(Buffer.compare(read(image, bytes.length), bytes)).toBe(0)
  })
})

function read(path: string, length: number): Uint8Array {
  const disk = openDisk(platform, path, { gate })
  const bytes = new Uint8Array(length)
  disk.readAt(0, bytes)
  disk.close()
  return bytes
}
