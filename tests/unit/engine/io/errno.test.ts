import { closeSync, openSync, writeSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { StrataError } from '../../../../src/shared/errors.ts'
import { errnoOf, fromErrno, saying } from '../../../../src/engine/io/errno.node.ts'
import { thrown } from '../../../fixtures/thrown.ts'

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: something failed, write`), { code, errno: -1, syscall: 'write' })

describe('errors of the system', () => {
  it.each([
    ['ENOENT', 'NOT_FOUND'],
    ['EACCES', 'DENIED'],
    ['EPERM', 'DENIED'],
    ['EROFS', 'DENIED'],
    ['EEXIST', 'EXISTS'],
    ['ENOSPC', 'NO_SPACE'],
    ['EDQUOT', 'NO_SPACE'],
    ['EFBIG', 'NO_SPACE'],
    ['EISDIR', 'INVALID_ARGUMENT'],
    ['EBUSY', 'IN_USE'],
    ['EIO', 'IO'],
    ['ESTALE', 'IO'],
  ])('%s becomes %s, with its place, what happened and what to do', (name, code) => {
    const cause = systemError(name)
    const error = fromErrno(cause, { path: 'a.raw', offset: 512 })
    expect(error).toBeInstanceOf(StrataError)
    expect(error).toMatchObject({ code, where: { path: 'a.raw', offset: 512 }, cause })
    const { message, hint } = error as StrataError
    expect(message).toMatch(/^[A-Z]/)
    expect(hint).toMatch(/\.$/)
    if (code === 'IO') expect(message).toContain(name)
    else expect(message).not.toContain(name)
  })

  it('come as they are when they are not the system’s', () => {
    const ours = new StrataError('CORRUPT', 'x')
    const bug = new TypeError('x is not a function')
    for (const error of [ours, bug, 'text', undefined]) expect(fromErrno(error, { path: 'a' })).toBe(error)
    expect(errnoOf(bug)).toBeUndefined()
    expect(() => saying({ path: 'a' }, () => { throw bug })).toThrow(bug) // prettier-ignore
  })

  it('say that a drive is full when it is', (context) => {
    context.skip(process.platform !== 'linux', 'only Linux has a device that is always full')
    const fd = openSync('/dev/full', 'w')
    try {
      expect(thrown(() => saying({ path: '/dev/full' }, () => writeSync(fd, Uint8Array.of(1))))).toMatchObject({
        code: 'NO_SPACE',
        message: 'The drive is full',
        hint: 'Free some space on that drive, or choose another place.',
      })
    } finally {
      closeSync(fd)
    }
  })
})
