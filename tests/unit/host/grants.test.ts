import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Grants } from '../../../src/host/grants.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

/** A granted folder `in`, a secret beside it, and paths below both. */
function place() {
  const base = scratchFolder()
  const inside = join(base, 'in')
  const secret = join(base, 'secret')
  mkdirSync(join(inside, 'deep'), { recursive: true })
  mkdirSync(secret)
  for (const file of [join(inside, 'a.qcow2'), join(inside, 'deep', 'b.raw'), join(secret, 'key.img')]) writeFileSync(file, 'x')
  return { base, inside, secret }
}

const DENIED = expect.objectContaining({ code: 'DENIED' }) as unknown
const INVALID = expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as unknown

describe('a granted folder', () => {
  it('gives what lies in it, there or not', () => {
    const { inside } = place()
    const grants = new Grants([inside])
    for (const name of ['a.qcow2', 'deep/b.raw', 'deep', 'new.qcow2', '.hidden']) {
      expect(grants.assertReadable(join(inside, name))).toBe(join(inside, name))
      expect(grants.assertWritable(join(inside, name))).toBe(join(inside, name))
    }
    expect(grants.assertReadable(inside)).toBe(inside)
  })

  it('gives nothing beside it, by whichever way', () => {
    const { base, inside, secret } = place()
    symlinkSync(secret, join(inside, 'door'))
    symlinkSync(join(secret, 'key.img'), join(inside, 'key.img'))
    symlinkSync(join(secret, 'not-there-yet'), join(inside, 'dangling.qcow2'))
    const grants = new Grants([inside])
    const ways = [
      secret,
      join(secret, 'key.img'),
      `${inside}/../secret/key.img`,
      `${inside}/deep/../../secret/key.img`,
      `${inside}-other/a.qcow2`,
      join(inside, 'door'),
      join(inside, 'door', 'key.img'),
      join(inside, 'door', 'new.qcow2'),
      join(inside, 'key.img'),
      join(inside, 'dangling.qcow2'),
      base,
      '/',
      '/etc/passwd',
      '/proc/self/root/etc/passwd',
    ]
    for (const way of ways) {
      expect(() => grants.assertReadable(way), way).toThrow(DENIED)
      expect(() => grants.assertWritable(way), way).toThrow(DENIED)
    }
  })

  it('is known by its canonical name, and so are the paths that come out', () => {
    const { base, inside } = place()
    symlinkSync(inside, join(base, 'alias'))
    const grants = new Grants([join(base, 'alias')])
    expect(grants.roots).toEqual([inside])
    expect(grants.assertReadable(join(base, 'alias', 'a.qcow2'))).toBe(join(inside, 'a.qcow2'))
    expect(grants.assertReadable(`${inside}/deep/./../a.qcow2`)).toBe(join(inside, 'a.qcow2'))
  })

  it('can be the root folder', () => {
    const { secret } = place()
    expect(new Grants(['/']).assertReadable(join(secret, 'key.img'))).toBe(join(secret, 'key.img'))
  })

  it('does not make a new file in a folder that is missing', () => {
    const { inside } = place()
    expect(() => new Grants([inside]).assertWritable(join(inside, 'no', 'such', 'a.qcow2'))).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    )
  })
})

describe('a path', () => {
  it.each(['', 'a.qcow2', './a.qcow2', '../a.qcow2', '~/a.qcow2', 'file:///etc/passwd', '/etc/pass\0wd', '\0'])('%j is refused', (path) => {
    const grants = new Grants(['/'])
    expect(() => grants.assertReadable(path)).toThrow(INVALID)
    expect(() => grants.assertWritable(path)).toThrow(INVALID)
    expect(() => grants.grantFile(path)).toThrow(INVALID)
  })
})

describe('a granted file', () => {
  it('may be read and replaced, and its neighbours may not', () => {
    const { inside } = place()
    writeFileSync(join(inside, 'other.qcow2'), 'x')
    const grants = new Grants()
    expect(grants.grantFile(join(inside, 'a.qcow2'))).toBe(join(inside, 'a.qcow2'))
    expect(grants.assertReadable(join(inside, 'a.qcow2'))).toBe(join(inside, 'a.qcow2'))
    expect(grants.assertWritable(join(inside, 'a.qcow2'))).toBe(join(inside, 'a.qcow2'))
    for (const name of ['other.qcow2', 'deep/b.raw']) {
      expect(() => grants.assertReadable(join(inside, name))).toThrow(DENIED)
      expect(() => grants.assertWritable(join(inside, name))).toThrow(DENIED)
    }
    expect(() => grants.assertReadable(inside)).toThrow(DENIED)
  })

  it('lets new images be made beside it, and nothing that another program obeys', () => {
    const { inside } = place()
    const grants = new Grants()
    grants.grantFile(join(inside, 'a.qcow2'))
    for (const name of ['new.qcow2', 'new.RAW', 'new.img']) expect(grants.assertWritable(join(inside, name))).toBe(join(inside, name))
    for (const name of ['.bashrc', '.hidden.qcow2', 'run.sh', 'start.desktop', 'Makefile', 'deep/new.qcow2', '../new.qcow2'])
      expect(() => grants.assertWritable(join(inside, name)), name).toThrow(DENIED)
  })

  it('is the file behind a link, not the link', () => {
    const { inside, secret } = place()
    symlinkSync(join(secret, 'key.img'), join(inside, 'link.img'))
    const grants = new Grants()
    expect(grants.grantFile(join(inside, 'link.img'))).toBe(join(secret, 'key.img'))
    expect(grants.assertReadable(join(inside, 'link.img'))).toBe(join(secret, 'key.img'))
    expect(() => grants.assertWritable(join(inside, 'new.qcow2'))).toThrow(DENIED)
  })

  it('may be one that a save dialog named and that is not there yet', () => {
    const { inside } = place()
    const grants = new Grants()
    grants.grantFile(join(inside, 'chosen'))
    expect(grants.assertWritable(join(inside, 'chosen'))).toBe(join(inside, 'chosen'))
  })
})

describe('the rule for names inside images', () => {
  it('follows granted folders whole', () => {
    const { inside } = place()
    expect(new Grants([inside]).rule()).toEqual({ kind: 'granted', roots: [inside], files: [], writable: [] })
  })

  it('follows plain files beside a granted one, and neither hidden ones, links, nor folders', () => {
    const { inside, secret } = place()
    writeFileSync(join(inside, 'base.raw'), 'x')
    writeFileSync(join(inside, '.bash_history'), 'x')
    symlinkSync(join(secret, 'key.img'), join(inside, 'link.img'))
    const grants = new Grants()
    grants.grantFile(join(inside, 'a.qcow2'))
    const rule = grants.rule()
    expect(rule).toMatchObject({ kind: 'granted', roots: [] })
    // An image may name its neighbours as layers to read; none of them may be written through it.
    expect(rule.kind === 'granted' && rule.writable?.every((file) => grants.assertWritable(file) === file)).toBe(true)
    expect(rule.kind === 'granted' && [...rule.files].sort()).toEqual([join(inside, 'a.qcow2'), join(inside, 'base.raw')])
  })

  it('sees what came after the grant', () => {
    const { inside } = place()
    const grants = new Grants()
    grants.grantFile(join(inside, 'a.qcow2'))
    linkSync(join(inside, 'a.qcow2'), join(inside, 'later.qcow2'))
    const rule = grants.rule()
    expect(rule.kind === 'granted' && rule.files).toContain(join(inside, 'later.qcow2'))
  })

  it('outlives a folder that has gone', () => {
    const { inside } = place()
    const grants = new Grants()
    grants.grantFile(join(inside, 'gone', 'a.qcow2'))
    expect(grants.rule()).toEqual({
      kind: 'granted',
      roots: [],
      files: [join(inside, 'gone', 'a.qcow2')],
      writable: [join(inside, 'gone', 'a.qcow2')],
    })
  })
})
