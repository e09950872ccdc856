import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { JobOrder } from '../../../src/shared/api.ts'
import { JobThread, type JobThreadOptions } from '../../../src/host/job-thread.ts'
import { QueryThread } from '../../../src/host/query-thread.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const follow = { kind: 'follow' } as const
const worker = (name: string) => join(import.meta.dirname, 'workers', name)

/** The nice value of each thread of this process (proc(5), field 19 of stat). */
function threadPriorities(): number[] {
  return readdirSync('/proc/self/task').map((id) => {
    const afterName = readFileSync(`/proc/self/task/${id}/stat`, 'utf8').split(') ').at(-1) ?? ''
    return Number(afterName.split(' ')[16])
  })
}

function start(folder: string, entry: string, options: Partial<JobThreadOptions> = {}) {
  const order: JobOrder = { kind: 'create', request: { path: join(folder, 'new'), format: 'raw', size: 512, overwrite: false } }
  return new JobThread(order, follow, { onProgress() {}, entry: worker(entry), ...options })
}

describe("a job's thread", () => {
  it('that dies rejects its job, and what it had staged is removed', async () => {
    const folder = scratchFolder()
    await expect(start(folder, 'dying-job.ts').done).rejects.toMatchObject({
      code: 'WORKER_DIED',
      cause: { message: 'out of memory, say' },
    })
    expect(readdirSync(folder)).toEqual(['new.settled'])
  })

  it('that does not hear a cancel is ended after a while, and leaves nothing', async () => {
    const folder = scratchFolder()
    const working = Promise.withResolvers<undefined>()
    const job = start(folder, 'deaf-job.ts', { grace: 100, onProgress: () => working.resolve(undefined) })
    await working.promise
    expect(readdirSync(folder)).toEqual(['new.staged'])
    job.cancel()
    await expect(job.done).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(readdirSync(folder)).toEqual([])
  })

  it.runIf(process.platform === 'linux')(
    'in the background lets other work go first, and holds nothing else back (Linux counts threads)',
    async () => {
      const path = join(scratchFolder(), 'disk.raw')
      writeFileSync(path, Buffer.alloc(65536))
      const request = { path, format: 'raw' as const, count: 1e7, bufferSize: 512, step: 512, offset: 0, flushInterval: 0 }
      const working = Promise.withResolvers<undefined>()
      const job = new JobThread({ kind: 'bench', request }, follow, { background: true, onProgress: () => working.resolve(undefined) })
      await working.promise
      const later = threadPriorities().filter((priority) => priority > 0)
      job.cancel()
      await expect(job.done).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(later).toEqual([constants.priority.PRIORITY_BELOW_NORMAL])
    },
  )

  it('that can not be started rejects its job', async () => {
    await expect(start(scratchFolder(), 'no-such-file.ts').done).rejects.toMatchObject({ code: 'WORKER_DIED' })
  })
})

describe('the thread for questions', () => {
  function questions(patience?: number) {
    const thread = new QueryThread(worker('dying-query.ts'), patience)
    onTestFinished(() => thread.close())
    return (path: string) => thread.ask('info', { path }, follow)
  }

  it('that dies rejects all it was asked, and is there anew for the next', async () => {
    const ask = questions()
    expect(await ask('/alive')).toEqual({ layers: [] })
    const lost = [ask('/deadly'), ask('/alive')]
    for (const answer of lost) await expect(answer).rejects.toMatchObject({ code: 'WORKER_DIED' })
    expect(await ask('/alive')).toEqual({ layers: [] })
  })

  it('that is stuck in one question is given up and replaced', async () => {
    const ask = questions(300)
    await expect(ask('/stuck')).rejects.toMatchObject({ code: 'WORKER_DIED' })
    expect(await ask('/alive')).toEqual({ layers: [] })
  })

  it('answers nothing more once it is closed', async () => {
    const thread = new QueryThread()
    const folder = scratchFolder()
    writeFileSync(join(folder, 'disk.raw'), new Uint8Array(512))
    await thread.ask('info', { path: join(folder, 'disk.raw') }, follow)
    await thread.close()
    await expect(thread.ask('info', { path: join(folder, 'disk.raw') }, follow)).rejects.toMatchObject({ code: 'WORKER_DIED' })
    expect(existsSync(join(folder, 'disk.raw'))).toBe(true)
  })
})
