import { expect, it } from 'vitest'
import { lineDrawing, printable } from '../../../src/cli/line-drawing.ts'
import { listedNames } from '../../../src/cli/listed-names.ts'

it.each([
  [{ LANG: 'en_GB.UTF-8' }, '├'],
  [{ LANG: 'C.utf8' }, '├'],
  [{ LANG: 'C' }, '|'],
  [{}, '|'],
  [{ LANG: 'en_GB.UTF-8', LC_ALL: 'C' }, '|'],
  [{ LANG: 'C', LC_CTYPE: 'de_DE.UTF-8' }, '├'],
  [{ LC_ALL: '', LANG: 'de_DE.UTF-8' }, '├'],
])('draws in %j with %s', (environment, branch) => {
  expect(lineDrawing(environment, 'linux').middle).toBe(`${branch}${branch === '|' ? '- ' : '─ '}`)
})

it('spells out what would move the cursor or turn the line around, and leaves other scripts as they are', () => {
  expect(printable('a\nb\u001b[31m\u202egpj.ü 日本 😀')).toBe('a\\u{a}b\\u{1b}[31m\\u{202e}gpj.ü 日本 😀')
})

it('lists a few names, and of more their number', () => {
  expect(listedNames([])).toBe('')
  expect(listedNames(['a'])).toBe("'a'")
  expect(listedNames(['a', 'b', 'c'])).toBe("'a', 'b' and 'c'")
  expect(listedNames(['a', 'b', 'c', 'd', 'e'])).toBe("'a', 'b', 'c' and 2 more")
})
