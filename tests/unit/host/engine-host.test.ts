import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { JobOrder } from '../../../src/shared/api.ts'
import type { Progress } from '../../../src/shared/model.ts'
import { EngineHost } from '../../../src/host/engine-host.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const MiB = 2 ** 20
const follow = { kind: 'follow' } as const

function engineHost(): EngineHost {
  const engine = new EngineHost()
  onTestFinished(() => engine.close())
  return engine
}

/** A raw disk of that many MiB, each with bytes of its own that pack badly. */
function rawDisk(folder: string, size: number): string {
  const path = join(folder, 'disk.raw')
  const file = openSync(path, 'w')
  const piece = new Uint8Array(MiB)
  for (let i = 0, x = 1; i < MiB; i++) piece[i] = x = (x * 1103515245 + 12345) >>> 8
  for (let at = 0; at < size; at++) {
    piece[0] = at
    writeSync(file, piece)
  }
  ftruncateSync(file, size * MiB)
  closeSync(file)
  return path
}

function convert(from: string, to: string, compress = false): JobOrder {
  return { kind: 'convert', request: { source: { path: from }, target: { path: to, format: 'qcow2', compress }, overwrite: false } }
}

describe('the engine in threads', () => {
  it('answers questions with the engine’s words and errors', async () => {
    const folder = scratchFolder()
    const engine = engineHost()
    const { layers } = await engine.query('info', { path: rawDisk(folder, 1) }, follow)
    expect(layers).toMatchObject([{ format: 'raw', virtualSize: MiB, path: join(folder, 'disk.raw') }])
    await expect(engine.query('info', { path: join(folder, 'none') }, follow)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('converts there and back to the same bytes, with progress to the end', async () => {
    const folder = scratchFolder()
    const engine = engineHost()
    const disk = rawDisk(folder, 24)
    const there: Progress[] = []
    const first = await engine.start(convert(disk, join(folder, 'disk.qcow2')), follow, { onProgress: (progress) => there.push(progress) })
      .done
    expect(first).toMatchObject({ kind: 'convert', result: { copied: 24 * MiB } })
    expect(there.at(-1)).toMatchObject({ done: 24 * MiB, total: 24 * MiB })
    const back: JobOrder = {
      kind: 'convert',
      request: {
        source: { path: join(folder, 'disk.qcow2') },
        target: { path: join(folder, 'back.raw'), format: 'raw' },
        overwrite: false,
      },
    }
    await engine.start(back, follow, { onProgress() {} }).done
    expect(readFileSync(join(folder, 'back.raw')).equals(readFileSync(disk))).toBe(true)
    expect(readdirSync(folder).sort()).toEqual(['back.raw', 'disk.qcow2', 'disk.raw'])
  })

  it('stands still while paused, goes on, and leaves nothing when cancelled', async () => {
    const folder = scratchFolder()
    const engine = engineHost()
    const reports: Progress[] = []
    const begun = Promise.withResolvers<undefined>()
    const job = engine.start(convert(rawDisk(folder, 96), join(folder, 'disk.qcow2'), true), follow, {
      onProgress(progress) {
        reports.push(progress)
        if (progress.done > 0) begun.resolve(undefined)
      },
    })
    await begun.promise
    job.pause()
    // What was under way when the word came may still be told; after that, silence.
    let still: number
    do {
      still = reports.length
      await new Promise((resolve) => setTimeout(resolve, 500))
    } while (reports.length > still)
    expect(reports.at(-1)!.done).toBeLessThan(96 * MiB)
    job.resume()
    await expect.poll(() => reports.length, { timeout: 10_000 }).toBeGreaterThan(still)
    job.cancel()
    await expect(job.done).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(readdirSync(folder)).toEqual(['disk.raw'])
  })

  it('ends its jobs when it closes, even one that is paused', async () => {
    const folder = scratchFolder()
    const engine = engineHost()
    const job = engine.start(convert(rawDisk(folder, 64), join(folder, 'disk.qcow2'), true), follow, { onProgress() {} })
    job.pause()
    const ended = expect(job.done).rejects.toMatchObject({ code: 'CANCELLED' })
    await engine.close()
    await ended
    expect(readdirSync(folder)).toEqual(['disk.raw'])
    expect(statSync(join(folder, 'disk.raw')).size).toBe(64 * MiB)
  })
})
