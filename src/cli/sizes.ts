const SUFFIXES = 'bkmgtpe'
const MAX_U64 = 2n ** 64n - 1n

/** The largest size that qemu-img knows, in bytes. */
export const MAX_SIZE = 2n ** 63n - 1n

/**
 * A size in bytes, as qemu-img reads it: a decimal number, with a fraction where a suffix makes it whole bytes or nearly so (`1.5G`), or a
 * hexadecimal one (`0x1000`); suffixes b, k, M, G, T, P, E in either case. `range` where it is 2^64 or more, `invalid` for anything else.
 */
export function parseSize(text: string): bigint | 'invalid' | 'range' {
  const match = /^\s*\+?(?:0x([0-9a-f]+)|(\d+)(\.\d*)?)([bkmgtpe])?$/i.exec(text)
  if (!match) return 'invalid'
  const [, hex, whole = '0', fraction = '', suffix = 'b'] = match
  const unit = 1024n ** BigInt(SUFFIXES.indexOf(suffix.toLowerCase()))
  if (/[1-9]/.test(fraction) && unit === 1n) return 'invalid'
  const count = BigInt(hex === undefined ? whole : `0x${hex}`)
  // A number too long to be read leaves its suffix unread, and that is what qemu-img complains about.
  if (count > MAX_U64) return match[4] === undefined ? 'range' : 'invalid'
  const size = count * unit + BigInt(Math.round(Number(`0${fraction}`) * Number(unit)))
  return size > MAX_U64 ? 'range' : size
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** Three significant digits and a binary unit, as `qemu-img info` prints sizes: `196 KiB`, `1.44 MiB`. */
export function humanSize(bytes: number): string {
  // A unit serves up to 999 of it; where three digits round up to 1000, C prints an exponent, and so does this.
  const power = bytes === 0 ? 0 : Math.floor(Math.log2(bytes / (1000 / 1024)) / 10)
  return `${threeDigits(bytes / 1024 ** power)} ${UNITS[power] ?? ''}`
}

/** As C's `%.3g` of a number below 1000: halves go to the even digit. */
function threeDigits(value: number): string {
  const scale = value >= 100 ? 1 : value >= 10 ? 10 : value >= 1 ? 100 : 1000
  const scaled = value * scale
  const rounded = scaled % 1 === 0.5 ? 2 * Math.round(scaled / 2) : Math.round(scaled)
  return rounded === 1000 && scale === 1 ? '1e+03' : (rounded / scale).toString()
}
