import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { HostFacts, JobOrder, JobView, LibraryEntry } from '../../../src/shared/api.ts'
import { makeClient, type WindowClient } from '../../../src/shared/rpc/client.ts'
import { EngineHost } from '../../../src/host/engine-host.ts'
import { Grants } from '../../../src/host/grants.ts'
import { JobThread } from '../../../src/host/job-thread.ts'
import type { Shell } from '../../../src/host/shell.ts'
import { WindowHost } from '../../../src/host/window-host.ts'
import { pipe } from '../../fixtures/pipe.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const facts: HostFacts = { kind: 'desktop', platform: 'linux', version: '0', home: '/home/ada', separator: '/' }
const DENIED = { code: 'DENIED' }
/** Long enough for a thread to start on a busy machine. */
const SOON = { timeout: 10_000 }

/** An engine whose threads die at work where a job makes a disk, as they do without memory. */
class FrailEngine extends EngineHost {
  override start(...[order, gate, options]: Parameters<EngineHost['start']>): ReturnType<EngineHost['start']> {
    if (order.kind !== 'create') return super.start(order, gate, options)
    return new JobThread(order, gate, { ...options, entry: join(import.meta.dirname, 'workers', 'dying-job.ts') })
  }
}

/** A folder with a disk of 1 MiB, a secret outside of it, and a host that was granted `roots`. */
function setUp({ roots = ['disks'], shell = {}, engine }: { roots?: string[]; shell?: Partial<Shell>; engine?: EngineHost } = {}) {
  const base = scratchFolder()
  const disks = join(base, 'disks')
  mkdirSync(disks)
  const disk = join(disks, 'disk.raw')
  writeFileSync(disk, new Uint8Array(2 ** 20).fill(7))
  writeFileSync(join(base, 'secret.img'), new Uint8Array(512))
  const begin = (): { host: WindowHost; window: WindowClient } => {
    const host = new WindowHost({
      folder: join(base, 'data'),
      grants: new Grants(roots.map((root) => join(base, root))),
      shell: { facts, ...shell },
      ...(engine && { engine }),
    })
    onTestFinished(() => host.close())
    return { host, window: connect(host) }
  }
  return { base, disks, disk, begin, ...begin() }
}

function connect(host: WindowHost): WindowClient {
  const [near, far] = pipe()
  host.connect(far)
  return makeClient(near)
}

/** Starts a job and waits for its end. */
async function run(window: WindowClient, order: JobOrder): Promise<JobView> {
  const ended = Promise.withResolvers<JobView>()
  const stop = window.on('job', (job) => {
    if (job.ended !== undefined) ended.resolve(job)
  })
  await window.startJob(order)
  const job = await ended.promise
  stop()
  return job
}

const toQcow2 = (from: string, to: string): JobOrder => ({
  kind: 'convert',
  request: { source: { path: from }, target: { path: to, format: 'qcow2' }, overwrite: false },
})

describe('the main road', () => {
  it('looks at a disk, converts it, checks the result, and remembers it all', async () => {
    const { window, disks, disk, begin } = setUp()
    expect(await window.facts({})).toEqual(facts)
    expect((await window.info({ path: disk })).layers).toMatchObject([{ path: disk, virtualSize: 2 ** 20 }])
    expect(await window.addToLibrary({ paths: [disk] })).toMatchObject([{ path: disk, present: true }])
    const target = join(disks, 'disk.qcow2')
    expect(await window.estimate({ source: { path: disk }, target: { path: target, format: 'qcow2' }, overwrite: false })).toMatchObject({
      virtualSize: 2 ** 20,
      targetExists: false,
    })

    const libraries: LibraryEntry[][] = []
    window.on('library', (entries) => libraries.push(entries))
    expect(await run(window, toQcow2(disk, target))).toMatchObject({ status: 'done', outcome: { result: { info: { path: target } } } })
    await expect.poll(() => libraries.at(-1)?.map((entry) => entry.path), SOON).toEqual([disk, target])

    expect(await run(window, { kind: 'check', request: { path: target } })).toMatchObject({ status: 'done' })
    await expect.poll(() => libraries.at(-1)?.[1]?.health?.verdict, SOON).toBe('fine')

    const picture = { path: target, start: 0, length: 2 ** 20, cellSize: 2 ** 16 }
    expect(await window.mapOverview(picture)).toEqual({ cells: [16, 2 ** 16, 0, 0, 0], known: 2 ** 20, grain: 0 })
    expect(await window.dependants({ path: target, folders: [disks, '/'] })).toMatchObject({ dependants: [], unread: [] })
    expect(await window.findParent({ path: target })).toEqual({ candidates: [] })
    expect(await window.layout({ path: target })).toMatchObject({ size: 2 ** 20, table: 'none', problems: [] })
    expect(await window.snapshotSpace({ path: target })).toEqual({ space: { now: { alone: 17 * 2 ** 16, shared: 0 }, snapshots: [] } })

    const again = begin()
    expect(await again.window.library({})).toMatchObject([
      { path: disk, present: true },
      { path: target, present: true, health: { verdict: 'fine' }, chain: { layers: [{ format: 'qcow2' }] } },
    ])
  })

  it('a verdict ends with what it was said of', async () => {
    const { window, disks, disk } = setUp()
    const target = join(disks, 'disk.qcow2')
    await run(window, toQcow2(disk, target))
    await run(window, { kind: 'check', request: { path: target } })
    await expect.poll(async () => (await window.library({}))[0]?.health?.verdict, SOON).toBe('fine')
    await run(window, { kind: 'resize', request: { path: target, size: 2 ** 21 } })
    await expect.poll(async () => (await window.library({}))[0], SOON).not.toHaveProperty('health')
  })

  it('what a repair would leave is no verdict on the disk as it is', async () => {
    const { window, disks, disk } = setUp()
    const target = join(disks, 'disk.qcow2')
    await run(window, toQcow2(disk, target))
    await run(window, { kind: 'check', request: { path: target, repair: 'all', dryRun: true } })
    // The library is told of jobs in their order: once it knows of the next one, it has passed over this one.
    await run(window, toQcow2(disk, join(disks, 'next.qcow2')))
    await expect.poll(async () => (await window.library({})).length, SOON).toBe(2)
    expect((await window.library({})).find(({ path }) => path === target)).not.toHaveProperty('health')
  })

  it('tells every window, until it is closed', async () => {
    const { host, window, disks, disk } = setUp()
    const [near, far] = pipe()
    host.connect(far)
    const other = makeClient(near)
    const heard: string[] = []
    other.on('job', (job) => heard.push(job.status))
    await other.jobs({})
    await run(window, toQcow2(disk, join(disks, 'a.qcow2')))
    expect(heard.at(-1)).toBe('done')
    far.close()
    const before = heard.length
    await run(window, toQcow2(disk, join(disks, 'b.qcow2')))
    expect(heard.length).toBe(before)
  })

  it('remembers its jobs after a start, gives one again, and says which of its files were damaged', async () => {
    const { base, host, window, disk, disks, begin } = setUp()
    const target = join(disks, 'new.qcow2')
    writeFileSync(target, '')
    const order: JobOrder = { kind: 'create', request: { path: target, format: 'qcow2', size: 2 ** 20, overwrite: false } }
    expect(await run(window, order)).toMatchObject({ status: 'failed', error: { code: 'EXISTS' } })
    await run(window, { kind: 'check', request: { path: disk } })
    await host.close()
    writeFileSync(join(base, 'data', 'settings.json'), '{')
    const again = begin().window
    expect(await again.jobs({})).toMatchObject([{ id: 1, status: 'failed' }, { id: 2 }])
    expect(await again.keptAside({})).toMatchObject([expect.stringMatching(/settings\.damaged-/)])
    rmSync(target)
    expect(await again.retryJob({ id: 1 })).toMatchObject({ id: 3, order })
    await expect.poll(async () => (await again.jobs({})).at(-1)?.status, SOON).toBe('done')
  })

  it('keeps settings', async () => {
    const { window, begin } = setUp()
    await window.saveSettings({ theme: 'dark' })
    expect(await begin().window.settings({})).toEqual({ theme: 'dark' })
    const list = { sort: 'disk', down: true, format: 'raw', chain: 'all', health: 'all', size: 'all', grouped: false } as const
    await window.saveSettings({ theme: 'dark', list })
    expect(await begin().window.settings({})).toEqual({ theme: 'dark', list })
    await expect(window.saveSettings({ theme: 'dark', list: { ...list, more: 1 } as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  it('says of a missing and of a broken image that they are so', async () => {
    const { window, disks, disk } = setUp()
    writeFileSync(join(disks, 'broken.qcow2'), Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(20)]))
    await window.addToLibrary({ paths: [disk, join(disks, 'broken.qcow2')] })
    rmSync(disk)
    const [missing, broken] = await window.library({})
    expect(missing).toMatchObject({ path: disk, present: false })
    expect(broken).toMatchObject({ present: true, error: { where: { path: join(disks, 'broken.qcow2') } } })
    expect((await window.removeFromLibrary({ path: disk })).length).toBe(1)
  })
})

describe('a job whose thread dies', () => {
  it('fails with what to do, leaves nothing that it had begun, and the next jobs and questions are done', async () => {
    const { window, disks, disk } = setUp({ engine: new FrailEngine() })
    const path = join(disks, 'new')
    expect(await run(window, { kind: 'create', request: { path, format: 'raw', size: 512, overwrite: false } })).toMatchObject({
      status: 'failed',
      error: {
        code: 'WORKER_DIED',
        message: expect.stringContaining('thread') as string,
        hint: expect.stringContaining('Try again') as string,
      },
    })
    expect(readdirSync(disks).toSorted()).toEqual(['disk.raw', 'new.settled'])
    expect(await run(window, toQcow2(disk, join(disks, 'disk.qcow2')))).toMatchObject({ status: 'done' })
    expect((await window.jobs({})).map(({ status }) => status)).toEqual(['failed', 'done'])
    expect((await window.info({ path: disk })).layers).toHaveLength(1)
  })
})

describe('a chain', () => {
  /** The order that makes an overlay on the disk of the folder. */
  const overlayOn = (path: string): JobOrder => ({
    kind: 'create',
    request: { path, format: 'qcow2', backing: { name: 'disk.raw', format: 'raw' }, overwrite: false },
  })

  it('is committed and rebased; which file a commit writes is known while it runs', async () => {
    const { window, disks, disk } = setUp()
    const overlay = join(disks, 'overlay.qcow2')
    await run(window, overlayOn(overlay))
    const job = await run(window, { kind: 'commit', request: { path: overlay } })
    expect(job).toMatchObject({ status: 'done', order: { request: { path: overlay, base: disk } } })
    expect(await run(window, { kind: 'rebase', request: { path: overlay, backing: null, mode: 'safe' } })).toMatchObject({
      status: 'done',
      outcome: { result: { copied: 2 ** 20 } },
    })
    expect((await window.info({ path: overlay })).layers).toHaveLength(1)
  })

  it('is changed only where it was granted', async () => {
    const { host, base, window, disks, disk } = setUp({ roots: [] })
    host.grantDropped(disk)
    const overlay = join(disks, 'overlay.qcow2')
    await run(window, overlayOn(overlay))
    const narrow = new WindowHost({ folder: join(base, 'other'), grants: new Grants(), shell: { facts } })
    onTestFinished(() => narrow.close())
    narrow.grantDropped(overlay)
    const other = connect(narrow)
    const before = readFileSync(disk)
    for (const request of [{ path: overlay }, { path: overlay, base: disk }, { path: disk }])
      await expect(other.startJob({ kind: 'commit', request }), JSON.stringify(request)).rejects.toMatchObject(DENIED)
    for (const name of ['disk.raw', '../secret.img', disk])
      await expect(
        other.startJob({ kind: 'rebase', request: { path: overlay, backing: { name, format: 'raw' }, mode: 'safe' } }),
      ).rejects.toMatchObject(DENIED)
    await expect(other.startJob({ kind: 'rebase', request: { path: disk, backing: null, mode: 'unsafe' } })).rejects.toMatchObject(DENIED)
    expect(readFileSync(disk)).toEqual(before)
  })
})

describe('a window that asks for what it was not given', () => {
  it('reads, converts, checks and lists nothing', async () => {
    const { base, window, disks, disk } = setUp()
    const secret = join(base, 'secret.img')
    symlinkSync(secret, join(disks, 'innocent.img'))
    for (const path of [secret, join(disks, 'innocent.img'), `${disks}/../secret.img`, '/etc/passwd']) {
      await expect(window.info({ path })).rejects.toMatchObject(DENIED)
      await expect(window.layout({ path })).rejects.toMatchObject(DENIED)
      await expect(window.dependants({ path })).rejects.toMatchObject(DENIED)
      await expect(window.findParent({ path })).rejects.toMatchObject(DENIED)
      await expect(window.mapOverview({ path, start: 0, length: 512, cellSize: 512 })).rejects.toMatchObject(DENIED)
      await expect(window.snapshotChanges({ path, since: '1', start: 0 })).rejects.toMatchObject(DENIED)
      await expect(window.snapshotSpace({ path })).rejects.toMatchObject(DENIED)
      await expect(window.addToLibrary({ paths: [disk, path] })).rejects.toMatchObject(DENIED)
      await expect(window.startJob({ kind: 'check', request: { path } })).rejects.toMatchObject(DENIED)
      await expect(window.startJob({ kind: 'compact', request: { path, how: 'in-place', dryRun: true } })).rejects.toMatchObject(DENIED)
      await expect(window.startJob(toQcow2(path, join(disks, 'stolen.qcow2')))).rejects.toMatchObject(DENIED)
      await expect(window.estimate(toQcow2(path, join(disks, 'x')).request as never)).rejects.toMatchObject(DENIED)
      const named = { source: { path: disk }, overwrite: false }
      const target = { path: join(disks, 'joined.qcow2'), format: 'qcow2' } as const
      await expect(window.startJob({ kind: 'convert', request: { ...named, also: [{ path }], target } })).rejects.toMatchObject(DENIED)
      const onto = { ...target, backing: { name: path, format: 'raw' } }
      await expect(window.startJob({ kind: 'convert', request: { ...named, target: onto } })).rejects.toMatchObject(DENIED)
      const into = { path, format: 'raw', inPlace: 'unknown' } as const
      await expect(window.startJob({ kind: 'convert', request: { ...named, target: into } })).rejects.toMatchObject(DENIED)
      const merge = { do: 'merge', source: 'bitmap', from: { path } } as const
      await expect(
        window.startJob({ kind: 'bitmap', request: { path: disk, name: 'bitmap', actions: [{ do: 'clear' }, merge] } }),
      ).rejects.toMatchObject(DENIED)
    }
    expect(await window.library({})).toEqual([])
    expect(readdirSync(disks).sort()).toEqual(['disk.raw', 'innocent.img'])
  })

  it('writes nothing', async () => {
    const { base, window, disk } = setUp()
    const before = readFileSync(join(base, 'secret.img'))
    for (const path of [join(base, 'secret.img'), join(base, 'new.qcow2'), '/tmp/new.qcow2']) {
      await expect(window.startJob(toQcow2(disk, path))).rejects.toMatchObject(DENIED)
      await expect(window.startJob({ kind: 'create', request: { path, format: 'raw', size: 512, overwrite: true } })).rejects.toMatchObject(
        DENIED,
      )
      await expect(window.startJob({ kind: 'resize', request: { path, size: 2 ** 20 } })).rejects.toMatchObject(DENIED)
      await expect(window.startJob({ kind: 'compact', request: { path, how: 'rewrite' } })).rejects.toMatchObject(DENIED)
      await expect(window.startJob({ kind: 'bitmap', request: { path, name: 'x', actions: [{ do: 'add' }] } })).rejects.toMatchObject(
        DENIED,
      )
    }
    expect(readFileSync(join(base, 'secret.img'))).toEqual(before)
    expect(existsSync(join(base, 'new.qcow2'))).toBe(false)
  })

  it('names no backing file for a new image that it may not read', async () => {
    const { base, window, disks } = setUp()
    for (const name of ['../secret.img', 'file:../secret.img', join(base, 'secret.img'), '/etc/passwd', `${disks}/x/../../secret.img`]) {
      const request = { path: join(disks, 'overlay.qcow2'), format: 'qcow2', backing: { name, format: 'raw' }, overwrite: false } as const
      await expect(window.startJob({ kind: 'create', request }), name).rejects.toMatchObject(DENIED)
    }
  })

  it('is not helped by an image that names a file outside', async () => {
    const { base, window, disks, disk } = setUp({ roots: ['disks', '.'] })
    const request = {
      path: join(disks, 'overlay.qcow2'),
      format: 'qcow2',
      backing: { name: join(base, 'secret.img'), format: 'raw' },
      overwrite: false,
    } as const
    expect(await run(window, { kind: 'create', request })).toMatchObject({ status: 'done' })
    const narrow = new WindowHost({ folder: join(base, 'other'), grants: new Grants([disks]), shell: { facts } })
    onTestFinished(() => narrow.close())
    const other = connect(narrow)
    expect(await other.info({ path: request.path })).toMatchObject({ layers: [{ path: request.path }], broken: { code: 'DENIED' } })
    expect(await run(other, toQcow2(request.path, join(disks, 'copy.qcow2')))).toMatchObject({ status: 'failed', error: DENIED })
    expect((await other.info({ path: disk })).layers.length).toBe(1)
  })

  it('is told so for what this host does not have', async () => {
    const { window } = setUp()
    await expect(window.openDialog({ title: '', filters: [], several: false })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(window.listFolder({})).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })
})

describe('the desktop', () => {
  it('grants what its dialogs answer, and only that', async () => {
    const base = { disk: '', target: '' }
    const { window, disks, disk } = setUp({
      roots: [],
      shell: { openDialog: () => [base.disk], saveDialog: () => base.target, showInFolder: () => undefined },
    })
    Object.assign(base, { disk, target: join(disks, 'chosen.disk') })
    await expect(window.info({ path: disk })).rejects.toMatchObject(DENIED)
    await expect(window.showInFolder({ path: disk })).rejects.toMatchObject(DENIED)
    expect(await window.openDialog({ title: 'Open', filters: [], several: false })).toEqual([disk])
    expect((await window.info({ path: disk })).layers.length).toBe(1)
    await window.showInFolder({ path: disk })
    await expect(window.startJob(toQcow2(disk, base.target))).rejects.toMatchObject(DENIED)
    expect(await window.saveDialog({ title: 'Save', suggestion: '', filters: [] })).toBe(base.target)
    expect(await run(window, toQcow2(disk, base.target))).toMatchObject({ status: 'done' })
  })

  it('shows the chain of a dropped overlay, and makes a new image beside it', async () => {
    const { host, window, disks, disk } = setUp({ roots: [] })
    host.grantDropped(disk)
    const overlay = join(disks, 'overlay.qcow2')
    expect(
      await run(window, {
        kind: 'create',
        request: { path: overlay, format: 'qcow2', backing: { name: 'disk.raw', format: 'raw' }, overwrite: false },
      }),
    ).toMatchObject({
      status: 'done',
    })
    expect((await window.info({ path: overlay })).layers.map((layer) => layer.path)).toEqual([overlay, disk])
  })

  it('hands over images to the first window that asks, and to all that are there', async () => {
    const { host, window, disk } = setUp({ roots: [] })
    const heard: string[][] = []
    window.on('open', (paths) => heard.push(paths))
    host.open([disk, 'not absolute'])
    expect(heard).toEqual([])
    await window.facts({})
    await expect.poll(() => heard, SOON).toEqual([[disk]])
    expect((await window.info({ path: disk })).layers.length).toBe(1)
    host.open([disk])
    await expect.poll(() => heard.length, SOON).toBe(2)
  })

  it('knows the library’s images again after a start', async () => {
    const { host, window, disk, begin } = setUp({ roots: [] })
    host.grantDropped(disk)
    await window.addToLibrary({ paths: [disk] })
    expect((await begin().window.info({ path: disk })).layers.length).toBe(1)
  })
})
