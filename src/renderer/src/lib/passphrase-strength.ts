export type PassphraseStrength = 'weak' | 'fair' | 'strong'

/** Bits of guessing from which a passphrase counts as fair, and as strong. */
const FAIR = 45
const STRONG = 70
const POOLS: [RegExp, number][] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[ -/:-@[-`{-~]/, 33],
  [/[^ -~]/, 100],
]

/** A rough guess at how hard a passphrase is to guess: by its length, its kinds of characters, and how many of them repeat or run on. */
export function passphraseStrength(passphrase: string): PassphraseStrength {
  const characters = Array.from(passphrase)
  const pool = POOLS.reduce((sum, [kind, size]) => (kind.test(passphrase) ? sum + size : sum), 0)
  // A character that repeats the one before it, or follows it in the alphabet, adds little.
  const telling = characters.filter((character, at) => !follows(characters[at - 1], character)).length
  const distinct = new Set(characters).size
  const bits = Math.min(telling, 2 * distinct) * Math.log2(Math.max(2, pool)) * 0.8
  return bits < FAIR ? 'weak' : bits < STRONG ? 'fair' : 'strong'
}

function follows(before: string | undefined, character: string): boolean {
  if (before === undefined) return false
  const step = (character.codePointAt(0) ?? 0) - (before.codePointAt(0) ?? 0)
  return Math.abs(step) <= 1
}
