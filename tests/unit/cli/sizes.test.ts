import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { humanSize, parseSize } from '../../../src/cli/sizes.ts'

describe('parseSize', () => {
  it.each([
    ['0', 0n],
    ['1000', 1000n],
    ['007', 7n],
    ['1b', 1n],
    ['1B', 1n],
    ['64k', 65536n],
    ['1M', 2n ** 20n],
    ['1g', 2n ** 30n],
    ['1.5G', 3n * 2n ** 29n],
    ['0.5k', 512n],
    ['1.0000001k', 1024n],
    ['1.0', 1n],
    ['0x1000', 4096n],
    ['0x1E', 30n],
    ['0X10k', 16384n],
    [' 1G', 2n ** 30n],
    ['+1G', 2n ** 30n],
    ['7E', 7n * 2n ** 60n],
    ['18446744073709551615', 2n ** 64n - 1n],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  it.each([
    '',
    ' ',
    'abc',
    '1x',
    '1GG',
    '1 G',
    '1G ',
    '1.1',
    '1.5b',
    '.5G',
    '1e3',
    '-1',
    '0x',
    '0x1.8k',
    '1_0',
    'inf',
    '99999999999999999999E',
  ])('%j is no size', (text) => {
    expect(parseSize(text)).toBe('invalid')
  })

  it.each(['16E', '18446744073709551616', '0xFFFFFFFFFFFFFFFFF'])('%s is too large', (text) => {
    expect(parseSize(text)).toBe('range')
  })

  it('reads back every number of bytes', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bytes) => parseSize(bytes.toString()) === bytes))
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bytes) => parseSize(`0x${bytes.toString(16)}`) === bytes))
  })
})

describe('humanSize', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [512, '512 B'],
    [999, '999 B'],
    [1000, '0.977 KiB'],
    [1536, '1.5 KiB'],
    [100_352, '98 KiB'],
    [197_120, '192 KiB'],
    [198_144, '194 KiB'],
    [200_704, '196 KiB'],
    [1_022_976, '999 KiB'],
    [1_023_488, '1e+03 KiB'],
    [1_048_064, '1 MiB'],
    [10_000_384, '9.54 MiB'],
    [12.25 * 2 ** 20, '12.2 MiB'],
    [10 * 2 ** 30, '10 GiB'],
    [1_000_000_000_000, '931 GiB'],
    [2 ** 50, '1 PiB'],
    [2 ** 53 - 1, '8 PiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(humanSize(bytes)).toBe(text)
  })
})
