import { describe, expect, it } from 'vitest'
import { readImageName } from '../../../src/cli/image-name.ts'

describe('the name of an image', () => {
  it('is a path as it stands', () => {
    expect(readImageName('a,b=c.qcow2', false)).toEqual({ path: 'a,b=c.qcow2' })
  })

  it('may be a list of options', () => {
    expect(readImageName('driver=qcow2,file.filename=a,,b.qcow2,encrypt.key-secret=s,read-only=on', true)).toEqual({
      path: 'a,b.qcow2',
      format: 'qcow2',
      secret: 's',
    })
    expect(readImageName('driver=raw,file.driver=file,file.filename=x', true)).toEqual({ path: 'x', format: 'raw' })
    expect(readImageName('driver=file,filename=x', true)).toEqual({ path: 'x', format: 'raw' })
    expect(readImageName('file.filename=x', true)).toEqual({ path: 'x' })
  })

  it('may be JSON', () => {
    const json = { driver: 'qcow2', file: { driver: 'file', filename: 'a.qcow2', locking: false }, encrypt: { 'key-secret': 's' } }
    expect(readImageName(`json:${JSON.stringify(json)}`, false)).toEqual({ path: 'a.qcow2', format: 'qcow2', secret: 's' })
  })

  it.each([
    ['a.qcow2', true, "Cannot find device='a.qcow2' nor node-name='a.qcow2'"],
    ['driver=qcow2', true, 'file'],
    ['driver=qcow2,file.filename=a,backing.driver=raw', true, 'backing.driver'],
    ['driver=raw,file.driver=nbd,file.filename=a', true, 'nbd'],
    ['json:{', false, 'JSON'],
    ['json:[]', false, 'JSON'],
  ])('%s is refused by what is wrong with it', (text, asOptions, word) => {
    expect(() => readImageName(text, asOptions)).toThrow(word)
  })
})
