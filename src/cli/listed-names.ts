import { printable } from './line-drawing.ts'

/** So many names are told; of more, their number. */
const TOLD = 3

/** Names as a sentence lists them: 'a', 'b' and 'c'; of many, the first and how many more. */
export function listedNames(names: readonly string[]): string {
  const told = names.slice(0, TOLD).map((name) => `'${printable(name)}'`)
  if (names.length > TOLD) told.push(`${names.length - TOLD} more`)
  return told.length < 2 ? told.join('') : `${told.slice(0, -1).join(', ')} and ${told.at(-1) ?? ''}`
}
