import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Grants } from '../../../src/host/grants.ts'
import { requestGrant } from '../../../src/host/request-grant.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

/** A folder with a granted overlay, its base beside it, and grants that hold the overlay alone. */
function place() {
  const folder = scratchFolder()
  const base = join(folder, 'base.qcow2')
  const top = join(folder, 'top.qcow2')
  for (const file of [base, top, join(folder, '.hidden')]) writeFileSync(file, 'x')
  const grants = new Grants()
  grants.grantFile(top)
  return { folder, base, top, grants }
}

describe('asking for a file', () => {
  it('puts its canonical path before the person and grants it on a yes alone', async () => {
    const { folder, base, grants } = place()
    symlinkSync(base, join(folder, 'other.qcow2'))
    const asked: string[] = []
    const answer = (yes: boolean) => (path: string) => Promise.resolve((asked.push(path), yes))
    expect(await requestGrant(join(folder, 'other.qcow2'), grants, answer(false))).toBe(false)
    expect(() => grants.assertWritable(base)).toThrow()
    expect(await requestGrant(base, grants, answer(true))).toBe(true)
    expect(grants.assertWritable(base)).toBe(base)
    expect(await requestGrant(base, grants, answer(false))).toBe(true)
    expect(asked).toEqual([base, base])
  })

  it('asks about nothing that an image could not name', async () => {
    const { folder, grants } = place()
    const never = (): Promise<boolean> => Promise.reject(new Error('was asked'))
    for (const path of ['/etc/passwd', folder, join(folder, '.hidden'), join(folder, 'not-there.qcow2')])
      await expect(requestGrant(path, grants, never)).rejects.toMatchObject({ code: 'DENIED' })
  })

  it('asks one question at a time, and none where nobody can answer', async () => {
    const { base, grants } = place()
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const first = requestGrant(base, grants, () => promise)
    await expect(requestGrant(base, grants, () => promise)).rejects.toMatchObject({ code: 'IN_USE' })
    resolve(false)
    expect(await first).toBe(false)
    await expect(requestGrant(base, grants, undefined)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('grants nothing that became a link while the person thought', async () => {
    const { folder, base, grants } = place()
    const swap = (): Promise<boolean> => {
      unlinkSync(base)
      symlinkSync('/etc/passwd', base)
      return Promise.resolve(true)
    }
    expect(await requestGrant(base, grants, swap)).toBe(false)
    expect(grants.holds('/etc/passwd')).toBe(false)
    expect(grants.holds(join(folder, 'base.qcow2'))).toBe(false)
  })
})
