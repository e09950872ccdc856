import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { JobOrder } from '../../../src/shared/api.ts'
import { StrataError } from '../../../src/shared/errors.ts'
import { EngineHost } from '../../../src/host/engine-host.ts'
import { Grants } from '../../../src/host/grants.ts'
import { ImageFiles } from '../../../src/host/image-files.ts'
import { Jobs } from '../../../src/host/jobs.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

/** A raw base with two overlays, one that names it in full and one that does not; and what renames them. */
async function setUp({ bin, also = [] }: { bin?: (path: string) => Promise<void>; also?: string[] } = {}) {
  const folder = scratchFolder()
  const at = (name: string): string => join(folder, name)
  writeFileSync(at('base.raw'), new Uint8Array(2 ** 20).fill(7))
  const engine = new EngineHost()
  onTestFinished(() => engine.close())
  const grants = new Grants([folder, ...also])
  const jobs = new Jobs(engine)
  const run = (order: JobOrder): Promise<void> =>
    new Promise((resolve) => {
      const { id } = jobs.start(order, () => grants.rule())
      jobs.subscribe((job) => {
        if (job.id === id && job.ended !== undefined) resolve()
      })
    })
  for (const [name, base] of [
    ['near.qcow2', 'base.raw'],
    ['far.qcow2', at('base.raw')],
  ] as const)
    await run({ kind: 'create', request: { path: at(name), format: 'qcow2', backing: { name: base, format: 'raw' }, overwrite: false } })
  const named = async (name: string): Promise<string | undefined> =>
    (await engine.query('info', { path: at(name) }, grants.rule())).layers[0]?.backingName
  return { at, named, jobs, grants, engine, files: new ImageFiles({ engine, grants, jobs, shell: bin ? { moveToBin: bin } : {} }) }
}

describe('another name', () => {
  it('is told to the overlays, each in the way that it names its base', async () => {
    const { at, files, named } = await setUp()
    const overlays = [at('near.qcow2'), at('far.qcow2')]
    expect(await files.move({ path: at('base.raw'), to: at('a:b.raw'), overlays })).toEqual({ from: at('base.raw'), to: at('a:b.raw') })
    expect(existsSync(at('base.raw'))).toBe(false)
    expect(await named('near.qcow2')).toBe('./a:b.raw')
    expect(await named('far.qcow2')).toBe(at('a:b.raw'))
  })

  it('is taken back everywhere where one overlay can not be told', async () => {
    const { at, grants, engine, jobs, named } = await setUp()
    const failing: ConstructorParameters<typeof ImageFiles>[0]['jobs'] = {
      list: () => jobs.list(),
      subscribe: (listener) => jobs.subscribe(listener),
      start: (order, gate) => {
        if (order.kind === 'rebase' && order.request.path === at('far.qcow2')) throw new StrataError('IO', 'The disk is gone')
        return jobs.start(order, gate)
      },
    }
    const files = new ImageFiles({ engine, grants, jobs: failing, shell: {} })
    const overlays = [at('near.qcow2'), at('far.qcow2')]
    await expect(files.move({ path: at('base.raw'), to: at('new.raw'), overlays })).rejects.toMatchObject({ code: 'IO' })
    expect(existsSync(at('new.raw'))).toBe(false)
    expect(readFileSync(at('base.raw'))).toHaveLength(2 ** 20)
    expect(await named('near.qcow2')).toBe('base.raw')
  })

  it('replaces no file, and takes no image for an overlay that is none', async () => {
    const { at, files } = await setUp()
    await expect(files.move({ path: at('base.raw'), to: at('near.qcow2'), overlays: [] })).rejects.toMatchObject({ code: 'EXISTS' })
    await expect(files.move({ path: at('near.qcow2'), to: at('n.qcow2'), overlays: [at('far.qcow2')] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await expect(files.move({ path: '/etc/hostname', to: at('n.qcow2'), overlays: [] })).rejects.toMatchObject({ code: 'DENIED' })
    expect(existsSync(at('near.qcow2'))).toBe(true)
  })

  it('in another folder is for disks that find all they need from there', async () => {
    const { at, files, named } = await setUp()
    mkdirSync(at('sub'))
    await expect(files.move({ path: at('near.qcow2'), to: at('sub/near.qcow2'), overlays: [] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
    await files.move({ path: at('far.qcow2'), to: at('sub/far.qcow2'), overlays: [] })
    expect(await named('sub/far.qcow2')).toBe(at('base.raw'))
    await files.move({ path: at('base.raw'), to: at('sub/base.raw'), overlays: [at('near.qcow2')] })
    expect(await named('near.qcow2')).toBe('sub/base.raw')
  })
})

/** A folder on another file system than the temporary one, where this machine has it. */
const SHM = '/dev/shm'
const hasOther = existsSync(SHM) && statSync(SHM).dev !== statSync(tmpdir()).dev

describe.skipIf(!hasOther)('a place on another file system', () => {
  /** As `setUp`, and a folder there that was granted too. */
  async function withOther() {
    const other = mkdtempSync(join(SHM, 'strata-test-'))
    onTestFinished(() => rmSync(other, { recursive: true, force: true }))
    const made = await setUp({ also: [other] })
    return { ...made, there: (name: string): string => join(other, name) }
  }

  it('gets a proven copy, overlays are told, and the old file goes', async () => {
    const { at, there, files, named, jobs } = await withOther()
    const before = readFileSync(at('base.raw'))
    chmodSync(at('base.raw'), 0o600)
    await files.move({ path: at('base.raw'), to: there('base.raw'), overlays: [at('near.qcow2'), at('far.qcow2')] })
    expect(existsSync(at('base.raw'))).toBe(false)
    expect(readFileSync(there('base.raw'))).toEqual(before)
    expect(statSync(there('base.raw')).mode & 0o777).toBe(0o600)
    expect(await named('far.qcow2')).toBe(there('base.raw'))
    expect(await named('near.qcow2')).toBe(relative(dirname(at('near.qcow2')), there('base.raw')))
    expect(jobs.list().map(({ order, status }) => [order.kind, status])).toContainEqual(['convert', 'done'])
  })

  it('replaces nothing, and is left empty where the copy fails or the disk changes meanwhile', async () => {
    const { at, there, grants, engine, jobs, files } = await withOther()
    writeFileSync(there('taken.raw'), 'mine')
    await expect(files.move({ path: at('base.raw'), to: there('taken.raw'), overlays: [] })).rejects.toMatchObject({ code: 'EXISTS' })
    expect(readFileSync(there('taken.raw'), 'utf8')).toBe('mine')

    const meddled: ConstructorParameters<typeof ImageFiles>[0]['jobs'] = {
      list: () => jobs.list(),
      subscribe: (listener) =>
        jobs.subscribe((job) => {
          if (job.ended !== undefined) appendFileSync(at('base.raw'), new Uint8Array(512))
          listener(job)
        }),
      start: (order, gate) => jobs.start(order, gate),
    }
    const careless = new ImageFiles({ engine, grants, jobs: meddled, shell: {} })
    await expect(careless.move({ path: at('base.raw'), to: there('new.raw'), overlays: [] })).rejects.toMatchObject({ code: 'IN_USE' })
    const failing = {
      ...meddled,
      subscribe: meddled.subscribe,
      start: () => {
        throw new StrataError('NO_SPACE', 'full')
      },
    }
    const full = new ImageFiles({ engine, grants, jobs: failing, shell: {} })
    await expect(full.move({ path: at('base.raw'), to: there('new.raw'), overlays: [] })).rejects.toMatchObject({ code: 'NO_SPACE' })
    expect(existsSync(there('new.raw'))).toBe(false)
    expect(existsSync(at('base.raw'))).toBe(true)
  })
})

describe('away', () => {
  it('goes to the bin where there is one, and for good where there is none', async () => {
    const binned = await setUp({ bin: (path) => rename(path, `${path}.binned`) })
    await expect(binned.files.discard({ path: binned.at('near.qcow2'), forever: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await binned.files.discard({ path: binned.at('near.qcow2'), forever: false })
    expect(existsSync(binned.at('near.qcow2.binned'))).toBe(true)

    const { at, files } = await setUp()
    await expect(files.discard({ path: at('near.qcow2'), forever: false })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await files.discard({ path: at('near.qcow2'), forever: true })
    expect(existsSync(at('near.qcow2'))).toBe(false)
    await expect(files.discard({ path: at('near.qcow2'), forever: true })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
