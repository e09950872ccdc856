import { LOCALE } from './locale.ts'

/** Units of the binary series, smallest first. */
export const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
export type Unit = (typeof UNITS)[number]

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })
const tenth = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 })
const thousandth = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 3, maximumFractionDigits: 3 })
const percents = new Intl.NumberFormat(LOCALE, { style: 'percent' })
const plain = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2, useGrouping: false })

/** Bytes in one of `unit`. */
export function bytesIn(unit: Unit): number {
  return 1024 ** UNITS.indexOf(unit)
}

/** A byte count as people read it: three figures at most, in the unit that fits. */
export function sizeText(bytes: number): string {
  let step = 0
  while (step < UNITS.length - 1 && bytes / 1024 ** step >= 1023.5) step++
  const value = bytes / 1024 ** step
  const unit = step === 0 && bytes === 1 ? 'byte' : UNITS[step]
  return `${(value < 100 ? tenth : whole).format(value)} ${unit}`
}

/** The same count to the byte, for a hover. */
export function exactBytes(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${whole.format(bytes)} bytes`
}

/** A count of things with its thousands marked. */
export function countText(count: number): string {
  return whole.format(count)
}

/** Seconds to the thousandth, for what was measured. */
export function secondsText(seconds: number): string {
  return `${thousandth.format(seconds)} s`
}

/** A share of one as whole percent; never 0 % for something and never 100 % for less than all. */
export function percentText(share: number): string {
  const percent = Math.round(share * 100)
  if (percent === 0 && share > 0) return `<${percents.format(0.01)}`
  if (percent === 100 && share < 1) return percents.format(0.99)
  return percents.format(percent / 100)
}

/**
 * Reads what a person typed into a size field: a number (decimal comma or point), perhaps with its own unit
 * (`40`, `1.5`, `40G`, `2 TiB`). Answers bytes rounded up to a whole sector, or undefined where no size can be read.
 */
export function parseSize(text: string, unit: Unit): number | undefined {
  const match = /^\s*(\d+(?:[.,]\d+)?)\s*([kmgtp]?)(?:i?b)?\s*$/i.exec(text)
  if (!match) return undefined
  const amount = Number(match[1]?.replace(',', '.'))
  const letter = match[2]?.toLowerCase() ?? ''
  const scale = letter === '' ? bytesIn(unit) : 1024 ** ('kmgtp'.indexOf(letter) + 1)
  const bytes = Math.ceil((amount * scale) / 512) * 512
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
}

/** The largest unit in which a size is a short number, with that number: what a size field starts with. */
export function splitSize(bytes: number): { amount: string; unit: Unit } {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const amount = bytes / bytesIn(unit)
    if (amount >= 1 && Number.isInteger(amount * 4)) return { amount: plain.format(amount), unit }
  }
  return { amount: String(bytes), unit: 'bytes' }
}

/** A size as the command line takes it: `40G` where it is whole, else bytes. */
export function sizeArgument(bytes: number): string {
  for (const letter of ['T', 'G', 'M', 'K']) {
    const scale = 1024 ** ('KMGT'.indexOf(letter) + 1)
    if (bytes >= scale && bytes % scale === 0) return `${bytes / scale}${letter}`
  }
  return String(bytes)
}
