import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asksForHelp, escapeValue, parseOptionLists } from '../../../src/cli/option-list.ts'

describe('parseOptionLists', () => {
  it.each([
    [['a=1'], [['a', '1']]],
    [
      ['a=1,b=2', 'c'],
      [
        ['a', '1'],
        ['b', '2'],
        ['c', 'on'],
      ],
    ],
    [['a=x,,y'], [['a', 'x,y']]],
    [
      ['a=x,,,b=1'],
      [
        ['a', 'x,'],
        ['b', '1'],
      ],
    ],
    [['a=x,,'], [['a', 'x,']]],
    [['a=b=c'], [['a', 'b=c']]],
    [['a='], [['a', '']]],
  ])('%j', (lists, settings) => {
    expect(parseOptionLists(lists)).toEqual(settings)
  })

  it.each(['', ',', ',a=1', 'a=1,', 'a=1,,,'])('%j is no list', (list) => {
    expect(() => parseOptionLists([list])).toThrow(`Invalid option list: ${list}`)
  })

  it('reads back every value that was escaped', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(parseOptionLists([`a=${escapeValue(value)},b=1`])).toEqual([
          ['a', value],
          ['b', '1'],
        ])
      }),
    )
  })

  it('hears the question for help', () => {
    expect(['help', '?', 'a=1,help', 'a=help', 'helps'].map((list) => asksForHelp([list]))).toEqual([true, true, true, false, false])
  })
})
