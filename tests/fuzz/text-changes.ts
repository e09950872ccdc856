import type { Random } from '../fixtures/random.ts'

/** What breaks those who read text: ends, doublings, other bases, names that objects inherit, half characters. */
const WORDS = [
  ...[
    '',
    ' ',
    '-',
    '--',
    '=',
    ',',
    ',,',
    ':',
    '.',
    '/',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '\\',
    '\0',
    '\n',
    '\ud800',
    '\udc00',
    '\u{1f4be}',
    'é',
  ],
  ...['on', 'off', 'help', '?', 'true', 'false', 'null', '0', '-0', '-1', '+1', '1e400', '0x10', '1.5', '.5', '1.', '9'.repeat(30)],
  ...['18446744073709551615', '9223372036854775808', '9007199254740993', 'k', 'M', 'G', 'T', 'P', 'E', 'b', '%'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'json:', 'file:', 'nbd://', '//', '..'],
]

/** A text made from one, with now and then a piece of another or of the caller's own words. */
export function changedText(text: string, other: string, words: readonly string[], random: Random): string {
  let result = text
  for (let i = 1 + random.below(3); i > 0; i--) result = changedOnce(result, other, words, random)
  return result.length > 400 ? result.slice(0, 400) : result
}

function changedOnce(text: string, other: string, words: readonly string[], random: Random): string {
  const at = random.below(text.length + 1)
  const to = Math.min(text.length, at + random.below(8))
  const any = random.below(2) === 0 && words.length > 0 ? words[random.below(words.length)]! : WORDS[random.below(WORDS.length)]!
  switch (random.below(7)) {
    case 0:
      return text.slice(0, at) + text.slice(to)
    case 1:
      return text.slice(0, at) + any + text.slice(at)
    case 2:
      return text.slice(0, at) + any + text.slice(to)
    case 3:
      return text.slice(0, at) + String.fromCharCode(random.below(4) === 0 ? random.below(65536) : random.below(128)) + text.slice(at + 1)
    case 4:
      return text.slice(0, to) + text.slice(at)
    case 5:
      return text.slice(0, at) + other.slice(random.below(other.length + 1))
    default:
      return any
  }
}

/** A value of a JSON document made from one: a leaf of another kind, a key that goes, doubles or has another name, another depth. */
export function changedValue(value: unknown, words: readonly string[], random: Random): unknown {
  if (typeof value === 'object' && value !== null && random.below(6) > 0) {
    if (Array.isArray(value)) {
      const list = value as unknown[]
      const at = random.below(list.length)
      if (random.below(3) === 0) return random.below(2) === 0 ? list.slice(0, at) : [...list, ...list]
      return list.length === 0 ? [strangeLeaf(words, random)] : list.with(at, changedValue(list[at], words, random))
    }
    const entries = Object.entries(value)
    const at = random.below(entries.length)
    const [name = '', inner] = entries[at] ?? []
    const rest = entries.filter((_, i) => i !== at)
    switch (random.below(5)) {
      case 0:
        return Object.fromEntries(rest)
      case 1:
        return Object.fromEntries([...rest, [words[random.below(words.length)] ?? '__proto__', inner]])
      case 2:
        return Object.fromEntries([...entries, [words[random.below(words.length)] ?? 'constructor', strangeLeaf(words, random)]])
      default:
        return Object.fromEntries([...rest, [name, changedValue(inner, words, random)]])
    }
  }
  if (typeof value === 'string' && random.below(2) === 0) return changedText(value, '', words, random)
  if (typeof value === 'number' && random.below(2) === 0) return NUMBERS[random.below(NUMBERS.length)]
  return strangeLeaf(words, random)
}

const NUMBERS = [0, -0, -1, 1, 0.5, 255, 256, 65536, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 1e308, -1e308, 5e-324]

function strangeLeaf(words: readonly string[], random: Random): unknown {
  const leaves = [
    null,
    true,
    false,
    '',
    [],
    {},
    [[]],
    { path: '/x' },
    'x'.repeat(5000),
    words[random.below(words.length)] ?? '',
    NUMBERS[random.below(NUMBERS.length)],
  ]
  return leaves[random.below(leaves.length)]
}
