import { describe, expect, it } from 'vitest'
import { type OptionSpec, parseArgs } from '../../../src/cli/args.ts'

const TABLE = {
  format: { short: 'f', value: 'FMT', help: 'a' },
  quiet: { short: 'q', long: 'quiet', help: 'b' },
  share: { short: 'U', long: 'force-share', help: 'c' },
  output: { long: 'output', value: 'KIND', help: 'd' },
  chain: { long: 'backing-chain', help: 'e' },
  object: { long: 'object', value: 'OBJECT' },
  offload: { short: 'C' },
} as const satisfies Record<string, OptionSpec>

function parse(line: string) {
  const parsed = parseArgs(TABLE, line === '' ? [] : line.split(' '))
  if (parsed === 'help') throw new Error('asked for help')
  return parsed
}

describe('parseArgs', () => {
  it('takes operands from anywhere', () => {
    expect(parse('a -q b --output json c').operands).toEqual(['a', 'b', 'c'])
    expect(parse('- a').operands).toEqual(['-', 'a'])
  })

  it.each(['-f raw', '-fraw', '-qUfraw', '-Uqf raw', '-f qcow2 -f raw'])('%s gives the value that comes last', (line) => {
    expect(parse(line).last('format')).toBe('raw')
  })

  it('keeps every value that an option was given', () => {
    expect(parse('-f a -q -f b').all('format')).toEqual(['a', 'b'])
    expect(parse('').all('format')).toEqual([])
    expect(parse('').last('format')).toBeUndefined()
  })

  it.each(['--output=json', '--output json', '--out=json', '--ou json'])('%s is the long option', (line) => {
    expect(parse(line).last('output')).toBe('json')
  })

  it('bundles options that take no value', () => {
    const args = parse('-qU x')
    expect([args.has('quiet'), args.has('share'), args.has('chain')]).toEqual([true, true, false])
  })

  it('ends the options at --, and a value may look like an option', () => {
    expect(parse('-q -- -f x').operands).toEqual(['-f', 'x'])
    expect(parse('-f -q').last('format')).toBe('-q')
    expect(parse('--output=').last('output')).toBe('')
  })

  it('reads no further than the first operand, where that ends the options', () => {
    const parsed = parseArgs(TABLE, ['-q', 'info', '-U'], { operands: 'end the options' })
    if (parsed === 'help') throw new Error('asked for help')
    expect([parsed.operands, parsed.has('share')]).toEqual([['info', '-U'], false])
  })

  it('reads nothing behind an option that asks for an answer of its own', () => {
    expect(parseArgs(TABLE, ['-hz', '--nosuch'])).toBe('help')
    expect(parseArgs({ version: { short: 'V', help: 'a', last: true } }, ['-Vz', '--nosuch'])).toMatchObject({ given: [['version', '']] })
  })

  it.each([
    ['-z', "unrecognized option '-z'"],
    ['-qz', "unrecognized option '-qz'"],
    ['--nosuch', "unrecognized option '--nosuch'"],
    ['--o json', "unrecognized option '--o'"],
    ['--backing-chain=on', "unrecognized option '--backing-chain=on'"],
    ['-f', "missing argument for option '-f'"],
    ['--output', "missing argument for option '--output'"],
  ])('refuses %s', (line, message) => {
    expect(() => parse(line)).toThrow(message)
  })

  it.each(['-C', '--object x', '--obj=x', '-qC'])('refuses %s by name', (line) => {
    expect(() => parse(line)).toThrow(/^option '.*' is not supported yet$/)
  })

  it('answers with help when asked before anything is wrong', () => {
    expect(parseArgs(TABLE, ['-q', '--help', '--nosuch'])).toBe('help')
    expect(parseArgs(TABLE, ['-qh'])).toBe('help')
    expect(() => parseArgs(TABLE, ['--nosuch', '-h'])).toThrow('unrecognized')
  })
})
