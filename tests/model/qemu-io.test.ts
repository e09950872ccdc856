import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine, unwatched } from '../../src/engine/index.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { nodeFileSystem } from '../../src/engine/io/file-system.node.ts'
import { CLUSTER_SIZES, VERSIONS } from '../fixtures/matrix.ts'
import { hasProgram } from '../fixtures/programs.ts'
import { Random } from '../fixtures/random.ts'
import { native } from '../fixtures/platform.ts'

const gate = { kind: 'follow' } as const
const platform = { files: nodeFileSystem, ...native }
const engine = createEngine()
const context = { gate, job: unwatched }

function qemu(program: 'qemu-img' | 'qemu-io', ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' })
}

/** Writes random bytes, the same through Strata and into a model, then some through qemu-io into both images. */
describe.skipIf(!hasProgram('qemu-io'))('Strata and qemu-io, turn by turn on one image (needs qemu-utils)', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-model-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const cases = VERSIONS.flatMap((compat) =>
    CLUSTER_SIZES.map((clusterSize) => ({ compat, clusterSize, compressionType: 'zlib' as const })),
  )
  const zstd = [512, 4096, 65536, 2 ** 21].map((clusterSize) => ({ compat: '1.1' as const, clusterSize, compressionType: 'zstd' as const }))
  it.each([...cases, ...zstd])('compat $compat, clusters of $clusterSize bytes, $compressionType', (options) => {
    const { compat, clusterSize, compressionType } = options
    const random = new Random(clusterSize * 3 + compat.length)
    const image = join(folder, `${compat}-${clusterSize}-${compressionType}.qcow2`)
    const size = Math.max(clusterSize * 7, 256 * 1024) + 1024
    const model = new Uint8Array(size)
    const made = random.below(2) === 0
    if (made) engine.create({ path: image, format: 'qcow2', size, qcow2: options, overwrite: false }, context)
    else {
      const words = `compat=${compat},cluster_size=${clusterSize},compression_type=${compressionType}`
      qemu('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', words, image, String(size))
    }

    for (let round = 0; round < 3; round++) {
      const disk = openDisk(platform, image, { gate, writable: true })
      for (let i = 0; i < 12; i++) {
        const at = random.below(size)
        const length = Math.min(size - at, random.length(size / 3))
        if (random.below(4) === 0) {
          disk.zeroAt(at, length)
          model.fill(0, at, at + length)
        } else if (random.below(4) === 0 && Math.floor(at / clusterSize + 1) * clusterSize <= size) {
          const start = at - (at % clusterSize)
          const plain = random.text(clusterSize)
          const packed = disk.driver.codec!.pack(plain)
          if (packed) {
            disk.writePacked(start, packed)
            model.set(plain, start)
          }
        } else {
          const bytes = random.bytes(length)
          disk.writeAt(at, bytes)
          model.set(bytes, at)
        }
      }
      disk.close()

      const commands: string[] = []
      for (let i = 0; i < 8; i++) {
        const at = random.below(size / 512) * 512
        const length = Math.min(size - at, Math.ceil(random.length(size / 3) / 512) * 512)
        const pattern = 1 + random.below(255)
        const zero = random.below(4) === 0
        commands.push('-c', zero ? `write -z ${at} ${length}` : `write -P ${pattern} ${at} ${length}`)
        model.fill(zero ? 0 : pattern, at, at + length)
      }
      qemu('qemu-io', '-f', 'qcow2', ...commands, image)
      expect(qemu('qemu-img', 'check', image)).toContain('No errors were found')
      const { corruptions, leaks } = engine.check({ path: image }, context)
      expect({ corruptions, leaks }).toEqual({ corruptions: 0, leaks: 0 })

      const after = openDisk(platform, image, { gate })
      const bytes = new Uint8Array(size)
      after.readAt(0, bytes)
      after.close()
      expect(Buffer.compare(bytes, model)).toBe(0)
    }
    const plain = join(folder, 'model.raw')
    writeFileSync(plain, model)
    expect(qemu('qemu-img', 'compare', '-f', 'raw', '-F', 'qcow2', plain, image)).toContain('Images are identical')
  })
})
