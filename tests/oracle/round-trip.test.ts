import { mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hasProgram } from '../fixtures/programs.ts'
import { makeFileSystem } from './file-system.ts'
import { must } from './qemu.ts'
import { strataInside, strataProcess } from './strata.ts'

// The large file system goes through processes, whose jobs have threads; the many small ones stay here.
vi.mock('../../src/host/job-thread.ts', async () => ({ JobThread: (await import('../fixtures/job-here.ts')).JobHere }))

const MIB = 2 ** 20
const LIMIT = 180_000
const missing = ['qemu-img', 'mke2fs', 'e2fsck'].filter((program) => !hasProgram(program))
const free = (({ bavail, bsize }) => bavail * bsize)(statfsSync(tmpdir()))

/** `mke2fs` and `e2fsck` are in folders that not every user's path has. */
process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`

describe.skipIf(missing.length > 0)(`A real file system there and back (needs ${missing.join(', ') || 'qemu-utils, e2fsprogs'})`, () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-trip-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const strata = (...args: string[]) => {
    const { exit, stderr } = strataProcess(args, folder, LIMIT)
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
  }
  const qemu = (...args: string[]) => must('qemu-img', args, folder, LIMIT)
  const remove = (...names: string[]) => names.forEach((name) => rmSync(join(folder, name)))

  /** What `name` holds is what the raw file `raw` holds, and QEMU finds the image in order. */
  const expectSame = (raw: string, name: string) => {
    expect(qemu('check', '-f', 'qcow2', name)).toContain('No errors were found on the image.')
    expect(qemu('compare', '-f', 'raw', '-F', 'qcow2', raw, name)).toBe('Images are identical.\n')
  }
  const expectSameBytes = (raw: string, back: string) => must('cmp', [raw, back], folder, LIMIT)

  it.skipIf(free < 4 * 2 ** 30)(
    '650 MB of /usr: raw, qcow2, compressed qcow2, raw (needs 4 GiB of room for temporary files)',
    { timeout: 2 * LIMIT },
    () => {
      makeFileSystem(folder, 'usr.raw', 650 * MIB)
      expect(statSync(join(folder, 'usr.raw')).blocks * 512).toBeGreaterThan(600 * MIB)

      strata('convert', '-f', 'raw', '-O', 'qcow2', 'usr.raw', 'plain.qcow2')
      expectSame('usr.raw', 'plain.qcow2')
      strata('check', '-q', 'plain.qcow2')
      strata('convert', '-c', '-O', 'qcow2', 'plain.qcow2', 'packed.qcow2')
      expectSame('usr.raw', 'packed.qcow2')
      strata('check', '-q', 'packed.qcow2')
      expect(statSync(join(folder, 'packed.qcow2')).size).toBeLessThan(0.8 * statSync(join(folder, 'plain.qcow2')).size)
      remove('plain.qcow2')
      strata('convert', '-O', 'raw', 'packed.qcow2', 'back.raw')
      expectSameBytes('usr.raw', 'back.raw')
      must('e2fsck', ['-fn', 'back.raw'], folder, LIMIT)
      remove('packed.qcow2', 'back.raw')

      // The same file system as QEMU writes it, in the older version.
      qemu('convert', '-f', 'raw', '-O', 'qcow2', '-o', 'compat=0.10', 'usr.raw', 'theirs.qcow2')
      strata('check', '-q', 'theirs.qcow2')
      strata('convert', '-O', 'raw', 'theirs.qcow2', 'back.raw')
      expectSameBytes('usr.raw', 'back.raw')
      must('e2fsck', ['-fn', 'back.raw'], folder, LIMIT)
    },
  )

  describe('3 MB of /usr, in every make of qcow2 that QEMU writes', () => {
    beforeAll(() => makeFileSystem(folder, 'small.raw', 3 * MIB))

    const makes = ['compat=0.10', 'compat=1.1', 'compression_type=zstd'].flatMap((make) =>
      ['512', '4k', '64k', '2M'].flatMap((cluster) =>
        [[], ['-c']].map((pack) => ({
          options: `${make},cluster_size=${cluster}`,
          pack,
        })),
      ),
    )
    const inside = async (...args: string[]) => {
      const home = process.cwd()
      process.chdir(folder)
      try {
        expect(await strataInside(args)).toMatchObject({ exit: 0, stderr: '' })
      } finally {
        process.chdir(home)
      }
    }
    it.each(makes)('$options $pack', { timeout: LIMIT }, async ({ options, pack }) => {
      qemu('convert', ...pack, '-f', 'raw', '-O', 'qcow2', '-o', options, 'small.raw', 'theirs.qcow2')
      await inside('convert', 'theirs.qcow2', 'back.raw')
      expectSameBytes('small.raw', 'back.raw')
      await inside('convert', ...pack, '-O', 'qcow2', '-o', options, 'theirs.qcow2', 'ours.qcow2')
      expectSame('small.raw', 'ours.qcow2')
    })
  })
})
