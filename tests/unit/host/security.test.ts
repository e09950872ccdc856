import { mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { HostFacts, JobOrder, JobView } from '../../../src/shared/api.ts'
import { makeClient, type WindowClient } from '../../../src/shared/rpc/client.ts'
import { Grants } from '../../../src/host/grants.ts'
import { WindowHost } from '../../../src/host/window-host.ts'
import { pipe } from '../../fixtures/pipe.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const facts: HostFacts = { kind: 'desktop', platform: 'linux', version: '0', home: '/home/ada', separator: '/' }
const FIRST = 'correct horse battery'
const SECOND = 'ein anderes Wort, länger'

/** A host over a folder, whose window keeps all that it is told. */
function setUp() {
  const base = scratchFolder()
  const disks = join(base, 'disks')
  mkdirSync(disks)
  const data = join(base, 'data')
  const host = new WindowHost({ folder: data, grants: new Grants([disks]), shell: { facts } })
  onTestFinished(() => host.close())
  const [near, far] = pipe()
  host.connect(far)
  const window = makeClient(near)
  const said: string[] = []
  near.onMessage((message) => said.push(JSON.stringify(message)))
  return { base, data, disks, window, said }
}

async function run(window: WindowClient, order: JobOrder): Promise<JobView> {
  const { promise, resolve } = Promise.withResolvers<JobView>()
  const stop = window.on('job', (job) => {
    if (job.ended !== undefined) resolve(job)
  })
  await window.startJob(order)
  const job = await promise
  stop()
  return job
}

/** The order that makes an encrypted disk of a plain one, which lies in the same folder. */
async function encrypted(window: WindowClient, path: string, passphrase: string): Promise<JobOrder> {
  const { name } = await window.holdSecret({ passphrase })
  const qcow2 = { encrypt: { format: 'luks', secret: name, iterTime: 10 } } as const
  const source = join(dirname(path), 'plain.raw')
  writeFileSync(source, new Uint8Array(2 ** 20).fill(7))
  return { kind: 'convert', request: { source: { path: source }, target: { path, format: 'qcow2', qcow2 }, overwrite: false } }
}

it('makes, unlocks, reads, re-keys and locks an encrypted disk, and writes its passphrases nowhere', async () => {
  const { base, disks, window, said } = setUp()
  const path = join(disks, 'safe.qcow2')
  const order = await encrypted(window, path, FIRST)
  expect(await run(window, order)).toMatchObject({ status: 'done', outcome: { result: { info: { encrypted: true } } } })
  await expect(window.startJob({ ...order }), 'a passphrase is used once').rejects.toMatchObject({ code: 'NO_PASSPHRASE' })

  await expect(window.layout({ path })).rejects.toMatchObject({ code: 'NO_PASSPHRASE' })
  await expect(window.unlock({ path, passphrase: SECOND })).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE' })
  expect(await window.unlocked({})).toEqual([])
  expect(await window.unlock({ path, passphrase: FIRST })).toEqual([path])
  expect(await window.layout({ path })).toMatchObject({ size: 2 ** 20, table: 'none' })
  const again = join(disks, 'again.raw')
  expect(
    await run(window, { kind: 'convert', request: { source: { path }, target: { path: again, format: 'raw' }, overwrite: false } }),
  ).toMatchObject({ status: 'done' })
  expect(readFileSync(again)).toEqual(readFileSync(join(disks, 'plain.raw')))

  const { name } = await window.holdSecret({ passphrase: SECOND })
  expect(
    await run(window, { kind: 'amend', request: { path, changes: { keys: { do: 'add', secret: name, iterTime: 10 } } } }),
  ).toMatchObject({ status: 'done' })
  const slots = (await window.info({ path })).layers[0]?.qcow2?.encrypt
  expect(slots?.format === 'luks' && slots.slots.filter((slot) => slot.active)).toHaveLength(2)
  // The passphrase that opened it goes: then it no longer counts as unlocked.
  expect(await run(window, { kind: 'amend', request: { path, changes: { keys: { do: 'empty', slot: 0 } } } })).toMatchObject({
    status: 'done',
  })
  await expect.poll(() => window.unlocked({}), { timeout: 10_000 }).toEqual([])
  expect(await window.unlock({ path, passphrase: SECOND })).toEqual([path])
  expect(
    await run(window, { kind: 'amend', request: { path, changes: { keys: { do: 'empty', slot: 1 } } } }),
    'the last slot',
  ).toMatchObject({
    status: 'failed',
  })
  expect(await window.lock({ path })).toEqual([])
  await expect(window.layout({ path })).rejects.toMatchObject({ code: 'NO_PASSPHRASE' })

  const files = readdirSync(base, { recursive: true, encoding: 'utf8' }).map((file) => join(base, file))
  for (const passphrase of [FIRST, SECOND]) {
    expect(said.filter((message) => message.includes(passphrase))).toEqual([])
    for (const file of files) if (statSync(file).isFile()) expect(readFileSync(file).includes(passphrase), file).toBe(false)
  }
}, 60_000)

it('keeps no passphrase of a disk that needs none, nor of one that was not granted', async () => {
  const { base, disks, window } = setUp()
  const path = join(disks, 'plain.raw')
  writeFileSync(path, new Uint8Array(2 ** 20))
  await expect(window.unlock({ path, passphrase: FIRST })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(window.unlock({ path: join(base, 'other.qcow2'), passphrase: FIRST })).rejects.toMatchObject({ code: 'DENIED' })
  await expect(window.unlock({ path, passphrase: '' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', where: { field: 'passphrase' } })
  expect(await window.unlocked({})).toEqual([])
})

describe('a chain of two encrypted disks', () => {
  const SIZE = 2 ** 20

  /** An encrypted base with a MiB of sevens, and an encrypted overlay that names it by `name`. */
  async function chain(window: WindowClient, disks: string, name: string): Promise<{ base: string; top: string }> {
    const base = join(disks, 'base.qcow2')
    await run(window, await encrypted(window, base, FIRST))
    if (name !== 'base.qcow2') symlinkSync('base.qcow2', join(disks, name))
    const secret = (await window.holdSecret({ passphrase: SECOND })).name
    const top = join(disks, 'top.qcow2')
    const qcow2 = { encrypt: { format: 'luks', secret, iterTime: 10 } } as const
    const request = { path: top, format: 'qcow2', qcow2, backing: { name, format: 'qcow2' }, overwrite: false } as const
    const made = await run(window, { kind: 'create', request })
    expect(made).toMatchObject({ status: 'done' })
    return { base, top }
  }

  it.each(['base.qcow2', 'link.qcow2'])(
    'is read, flattened and committed once both are unlocked, its base named %s',
    async (name) => {
      const { disks, window } = setUp()
      const { base, top } = await chain(window, disks, name)
      expect((await window.info({ path: top })).layers, 'a window knows a base by its own name').toMatchObject([
        { path: top, backingPath: base },
        { path: base },
      ])
      const raw = join(disks, 'out.raw')
      const flat: JobOrder = { kind: 'convert', request: { source: { path: top }, target: { path: raw, format: 'raw' }, overwrite: false } }
      await window.unlock({ path: top, passphrase: SECOND })
      await expect(window.layout({ path: top }), 'the base is locked').rejects.toMatchObject({ code: 'NO_PASSPHRASE' })
      const down: JobOrder = { kind: 'commit', request: { path: top, keep: true } }
      for (const order of [flat, down])
        expect(await run(window, order)).toMatchObject({ status: 'failed', error: { code: 'NO_PASSPHRASE' } })

      expect((await window.unlock({ path: base, passphrase: FIRST })).toSorted()).toEqual([base, top])
      expect(await window.layout({ path: top })).toMatchObject({ size: SIZE })
      for (const order of [flat, down]) expect(await run(window, order)).toMatchObject({ status: 'done' })
      expect(readFileSync(raw)).toEqual(readFileSync(join(disks, 'plain.raw')))

      await window.lock({ path: base })
      await expect(window.layout({ path: top })).rejects.toMatchObject({ code: 'NO_PASSPHRASE' })
    },
    60_000,
  )

  it('is unlocked below a disk that was opened, where the base was not given itself; a file that no image may name is not tried', async () => {
    const { base: around, disks, window } = setUp()
    const { base, top } = await chain(window, disks, 'base.qcow2')
    const elsewhere = join(around, 'other')
    mkdirSync(elsewhere)
    const [movedBase, movedTop] = [join(elsewhere, 'base.qcow2'), join(elsewhere, 'top.qcow2')]
    renameSync(base, movedBase)
    renameSync(top, movedTop)
    const grants = new Grants()
    const host = new WindowHost({ folder: join(around, 'data 2'), grants, shell: { facts } })
    onTestFinished(() => host.close())
    const [near, far] = pipe()
    host.connect(far)
    const other = makeClient(near)
    await expect(other.unlock({ path: movedBase, passphrase: FIRST })).rejects.toMatchObject({ code: 'DENIED' })
    grants.grantFile(movedTop)
    expect(await other.unlock({ path: movedBase, passphrase: FIRST })).toEqual([realpathSync(movedBase)])
    await expect(other.layout({ path: movedBase }), 'and still not opened on its own').rejects.toMatchObject({ code: 'DENIED' })
    await other.unlock({ path: movedTop, passphrase: SECOND })
    expect(await other.layout({ path: movedTop })).toMatchObject({ size: SIZE })
    expect(await other.lock({ path: movedBase })).toEqual([realpathSync(movedTop)])
  }, 60_000)
})
