import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createEngine, unwatched } from '../../src/engine/index.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { portable } from '../fixtures/platform.ts'

const context = { gate: { kind: 'follow' }, job: unwatched } as const

/** Images that the fuzzer found, as they were when Strata failed on them. What they are is in their names. */
const FOUND = ['block-past-the-end']

describe('an image on which Strata once failed', () => {
  it.each(FOUND)('%s: is mended, and is then what the repair says', (name) => {
    const files = new MemorySystem()
    const storage = files.create('/disk')
    storage.writeAt(0, gunzipSync(readFileSync(join(import.meta.dirname, 'found', `${name}.gz`))))
    storage.close()
    const engine = createEngine(undefined, { files, ...portable })
    const { corruptions, leaks } = engine.check({ path: '/disk', format: 'qcow2', repair: 'all' }, context)
    expect(engine.check({ path: '/disk', format: 'qcow2' }, context)).toMatchObject({ corruptions, leaks })
    expect(corruptions).toBe(0)
  })
})
