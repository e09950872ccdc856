/** What a tree is drawn with; every piece is as wide as another. */
export interface Lines {
  first: string
  middle: string
  last: string
  alone: string
  bar: string
  gap: string
}

const BOX: Lines = { first: '┌─ ', middle: '├─ ', last: '└─ ', alone: '── ', bar: '│  ', gap: '   ' }
const ASCII: Lines = { first: ',- ', middle: '|- ', last: '`- ', alone: '-- ', bar: '|  ', gap: '   ' }

/** Box-drawing characters where the locale is one of UTF-8, else what every terminal has. The variables count in the order in which POSIX asks them. */
export function lineDrawing(environment = process.env, platform = process.platform): Lines {
  const locale = [environment['LC_ALL'], environment['LC_CTYPE'], environment['LANG']].find((value) => value !== undefined && value !== '')
  return platform === 'win32' || /utf-?8/i.test(locale ?? '') ? BOX : ASCII
}

/** A name as it can stand in a line: what moves the cursor, ends the line or turns its direction is spelled out. */
export function printable(name: string): string {
  const code = (character: string) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`
  return name.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, code)
}
