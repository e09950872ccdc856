import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSecrets } from '../../../src/cli/secrets.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

describe('secrets of a command line', () => {
  it('come as text, as base64, and from a file, byte for byte', () => {
    const file = join(scratchFolder(), 'key')
    writeFileSync(file, Uint8Array.of(0, 255, 10))
    const secrets = readSecrets([
      'secret,id=a,data=one,,two',
      'secret,id=b,format=base64,data=aHVudGVyMg==',
      `secret,id=c,file=${file}`,
      'qom-type=secret,id=d,data=x',
    ])
    expect(text(secrets.a)).toBe('one,two')
    expect(text(secrets.b)).toBe('hunter2')
    expect([...(secrets.c ?? [])]).toEqual([0, 255, 10])
    expect(text(secrets.d)).toBe('x')
  })

  it.each([
    ['tls-creds,id=a', "Parameter 'qom-type' does not accept value 'tls-creds'"],
    ['secret,data=a', "Parameter 'id' is missing"],
    ['secret,id=a', "Either 'file' or 'data' must be provided"],
    ['secret,id=a,data=b,file=c', "'file' and 'data' are mutually exclusive"],
    ['secret,id=a,data=b,format=hex', "Parameter 'format' does not accept value 'hex'"],
    ['secret,id=a,file=/nonexistent/key', 'Unable to read /nonexistent/key'],
    ['secret,id=a,data=b,keyid=c', 'keyid'],
    ['secret,id=a,format=base64,data=*', 'base64'],
  ])('%s is refused, without telling the passphrase', (object, message) => {
    expect(() => readSecrets([object])).toThrow(message)
  })
})
