import { createCipheriv } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSecrets } from '../../../src/cli/secrets.ts'
import { passphraseNamed } from '../../../src/shared/secrets.ts'
import { Random } from '../../fixtures/random.ts'
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
    ['secret,id=a,data=b,keyid=c', "No secret with id 'c'"],
    ['secret,id=a,format=base64,data=*', 'Base64 data contains invalid characters'],
    ['secret,id=a,data=b,nosuch=c', "Parameter 'nosuch' is unexpected"],
    ['secret,id=1,data=b', "Parameter 'id' expects an identifier"],
    ['secret,id=a,data', "Expected '=' after parameter 'data'"],
    [',id=a', "Invalid parameter ''"],
    ['', "Parameter 'qom-type' is missing"],
    ['{"qom-type":"secret","id":"a","data":5}', "Invalid parameter type for 'data', expected: string"],
    ['{"qom-type":"secret","id":"a","data":"b"', 'JSON parse error'],
    ['{"id":"a"}', "Parameter 'qom-type' is missing"],
  ])('%s is refused, without telling the passphrase', (object, message) => {
    expect(() => readSecrets([object])).toThrow(message)
  })

  it('come as JSON', () => {
    expect(text(readSecrets(['{"qom-type":"secret","id":"a","data":"one,two"}']).a)).toBe('one,two')
  })

  it('have ids of their own', () => {
    expect(() => readSecrets(['secret,id=a,data=b', 'secret,id=a,data=c'])).toThrow("attempt to add duplicate property 'a'")
  })

  it('are read from base64 up to the last whole group, over line ends', () => {
    const of = (data: string): string => text(readSecrets([`secret,id=a,format=base64,data=${data}`]).a)
    expect([of('aHVu\ndGVyMg==\n'), of('aHVudGVyMg'), of('aHVudGVyMg==='), of('')]).toEqual(['hunter2', 'hunter', 'hunter2', ''])
  })
})

describe('secrets under a master key', () => {
  const random = new Random(7)
  const [key, iv] = [random.bytes(32), random.bytes(16)]
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  const master = `secret,id=m,format=base64,data=${base64(key)}`
  const sealed = (words: string | Uint8Array, padded = true): string => {
    const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(padded)
    return base64(Buffer.concat([cipher.update(words), cipher.final()]))
  }
  const secret = (data: string, settings = `keyid=m,iv=${base64(iv)}`): string => `secret,id=s,format=base64,data=${data},${settings}`

  it.each(['', 'hunter2', 'sixteen bytes ok', 'longer than a single block of the cipher'])('%j is deciphered', (words) => {
    expect(text(readSecrets([master, secret(sealed(words))]).s)).toBe(words)
  })

  it.each([
    [[secret('')], "No secret with id 'm'"],
    [['secret,id=m,data=short', secret('')], 'Key should be 32 bytes in length'],
    [[master, secret('', 'keyid=m')], 'IV is required to decrypt secret'],
    [[master, secret('', 'keyid=m,iv=AAAA')], 'IV should be 16 bytes in length not 3'],
    [[master, secret('aGVsbG8=')], 'Length 5 must be a multiple of block size 16'],
    [[master, secret(sealed('hunter2123456789', false))], 'Incorrect number of padding bytes (57) found on decrypted data'],
  ])('%#: is refused', (objects, message) => {
    expect(() => readSecrets(objects)).toThrow(message)
  })
})

describe('passphraseNamed', () => {
  it.each(['constructor', '__proto__', 'toString'])('finds %s only where it was given', (name) => {
    const given = Uint8Array.of(1)
    expect(passphraseNamed({}, name)).toBeUndefined()
    expect(passphraseNamed(undefined, name)).toBeUndefined()
    expect(passphraseNamed({ [name]: given }, name)).toBe(given)
  })
})
