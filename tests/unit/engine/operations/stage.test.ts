import { describe, expect, it } from 'vitest'
import { StrataError } from '../../../../src/shared/errors.ts'
import { MemorySystem } from '../../../../src/engine/io/memory-system.ts'
import { type NameCall, wrapSystem } from '../../../../src/engine/io/wrapped-system.ts'
import { stage } from '../../../../src/engine/operations/stage.ts'
import { codeOf } from '../../../fixtures/thrown.ts'
import { portable } from '../../../fixtures/platform.ts'

const watch = { staged() {}, settled() {} }

function bench() {
  const memory = new MemorySystem()
  const put = (path: string, text: string): void => {
    const storage = memory.create(path)
    storage.writeAt(0, new TextEncoder().encode(text))
    storage.close()
  }
  const read = (path: string): string => {
    const storage = memory.open(path, false)
    const bytes = new Uint8Array(storage.size)
    storage.readAt(0, bytes)
    storage.close()
    return new TextDecoder().decode(bytes)
  }
  return { memory, put, read }
}

describe('a staged file', () => {
  it('does not replace a file that came to be while it was made', () => {
    const { memory, put, read } = bench()
    const run = () => stage({ files: memory, ...portable }, { path: '/new', overwrite: false }, watch, () => put('/new', 'somebody else’s'))
    expect(codeOf(run)).toBe('EXISTS')
    expect(read('/new')).toBe('somebody else’s')
    expect(memory.paths).toEqual(['/new'])
  })

  it('is as closed to others as the file that it will replace, from its first byte on', () => {
    const { memory, put } = bench()
    put('/old', 'secret')
    const calls: [NameCall, string][] = []
    const files = wrapSystem(
      memory,
      (storage) => storage,
      (call, path) => calls.push([call, path]),
    )
    let before: NameCall[] = []
    stage({ files, ...portable }, { path: '/old', overwrite: true }, watch, () => {
      before = calls.map(([call]) => call)
    })
    expect(before).toContain('copyMode')
  })

  it('does not replace a file that may not be written', () => {
    const { memory, put, read } = bench()
    put('/golden', 'protected')
    const files = wrapSystem(
      memory,
      (storage) => storage,
      (call, path) => {
        if (call === 'open' && path === '/golden') throw new StrataError('DENIED', 'Permission denied', { path })
      },
    )
    const run = () => stage({ files, ...portable }, { path: '/golden', overwrite: true }, watch, () => 0)
    expect(codeOf(run)).toBe('DENIED')
    expect(read('/golden')).toBe('protected')
    expect(memory.paths).toEqual(['/golden'])
  })
})
