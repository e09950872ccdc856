import { describe, expect, it } from 'vitest'
import { exactBytes, parseSize, percentText, sizeArgument, sizeText, splitSize } from '../../src/renderer/src/lib/sizes.ts'

const KIB = 1024
const MIB = 1024 ** 2
const GIB = 1024 ** 3
const TIB = 1024 ** 4

describe('sizes as words', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [512, '512 bytes'],
    [196608, '192 KiB'],
    [1.5 * GIB, '1.5 GiB'],
    [40 * GIB, '40 GiB'],
    [1024 * GIB - 1, '1 TiB'],
    [3 * TIB, '3 TiB'],
  ])('%d bytes are %s', (bytes, text) => expect(sizeText(bytes)).toBe(text))

  it('gives the exact count for a hover', () => {
    expect(exactBytes(42949672960)).toBe('42,949,672,960 bytes')
    expect(exactBytes(1)).toBe('1 byte')
  })

  it('never rounds something to nothing, or a part to the whole', () => {
    expect(percentText(0)).toBe('0%')
    expect(percentText(0.0001)).toBe('<1%')
    expect(percentText(0.9999)).toBe('99%')
    expect(percentText(1)).toBe('100%')
  })
})

describe('sizes that a person types', () => {
  it.each([
    ['40', 40 * GIB],
    [' 1.5 ', 1.5 * GIB],
    ['1,5', 1.5 * GIB],
    ['512M', 512 * MIB],
    ['2 TiB', 2 * TIB],
    ['64kb', 64 * KIB],
  ])('%s in a field of GiB', (text, bytes) => expect(parseSize(text, 'GiB')).toBe(bytes))

  it('rounds up to a whole sector', () => expect(parseSize('513', 'bytes')).toBe(1024))

  it.each(['', 'a lot', '-1', '0', '1e9', '99999999999 PiB', '4 0'])('refuses "%s"', (text) =>
    expect(parseSize(text, 'GiB')).toBeUndefined(),
  )

  it.each([40 * GIB, 1.25 * TIB, 7 * MIB, 513 * 512, 100])('splits %d into a field that reads as the same', (bytes) => {
    const { amount, unit } = splitSize(bytes)
    expect(parseSize(amount, unit)).toBe(Math.ceil(bytes / 512) * 512)
  })

  it('is exact on the command line', () => {
    expect(sizeArgument(40 * GIB)).toBe('40G')
    expect(sizeArgument(1.5 * GIB)).toBe('1536M')
    expect(sizeArgument(1000)).toBe('1000')
  })
})
