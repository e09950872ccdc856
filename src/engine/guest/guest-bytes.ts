import { textOf, viewOf } from '../base/bytes.ts'

/** The bytes that a guest sees, of a disk or of a part of one. Reads past `size` are an error. */
export interface GuestBytes {
  readonly size: number
  readAt(at: number, into: Uint8Array): void
}

/** The bytes from `start` on, at most `length` and as far as the disk goes. Both may be any number that a table holds. */
export function partOf(disk: GuestBytes, start: number, length: number): GuestBytes {
  return { size: Math.max(0, Math.min(length, disk.size - start)), readAt: (at, into) => disk.readAt(start + at, into) }
}

/** `length` bytes from `at` on; undefined where they are not all there. `at` may be any number that a header holds, `length` is the caller's own. */
export function peek(bytes: GuestBytes, at: number, length: number): DataView | undefined {
  if (!Number.isSafeInteger(at) || at < 0 || at + length > bytes.size) return undefined
  const into = new Uint8Array(length)
  bytes.readAt(at, into)
  return viewOf(into)
}

/** A little-endian 64-bit word; past 2^53 it is no safe integer, which the caller must look at. */
export function getU64le(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
}

/** Whether the bytes at `at` are those of an ASCII text. */
export function says(view: DataView, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (view.getUint8(at + i) !== text.charCodeAt(i)) return false
  return true
}

/** A field of UTF-8 text, up to its first zero byte, without the blanks that fill it up; undefined where nothing is left. */
export function textIn(view: DataView, at: number, length: number): string | undefined {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, length)
  const end = bytes.indexOf(0)
  return tidy(textOf(end < 0 ? bytes : bytes.subarray(0, end)))
}

/** A field of UTF-16 text of `units` units, little-endian, likewise. */
export function wideTextIn(view: DataView, at: number, units: number): string | undefined {
  let text = ''
  for (let i = 0; i < units; i++) {
    const unit = view.getUint16(at + 2 * i, true)
    if (unit === 0) break
    text += String.fromCharCode(unit)
  }
  return tidy(text.toWellFormed())
}

function tidy(text: string): string | undefined {
  const plain = text.replaceAll(/\p{Cc}/gu, '').trimEnd()
  return plain === '' ? undefined : plain
}

/** Bytes in hexadecimal, in the order in which they lie. */
export function hexIn(view: DataView, at: number, length: number): string {
  let text = ''
  for (let i = 0; i < length; i++)
    text += view
      .getUint8(at + i)
      .toString(16)
      .padStart(2, '0')
  return text
}

/** The 16 bytes of a UUID, big-endian as RFC 9562 stores it; undefined where all are zero. */
export function uuidIn(view: DataView, at: number): string | undefined {
  const hex = hexIn(view, at, 16)
  return /^0+$/.test(hex) ? undefined : dashed(hex)
}

/** The 16 bytes of a GUID as UEFI stores it: its first three parts little-endian. */
export function guidIn(view: DataView, at: number): string {
  const part = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
  const first = part(view.getUint32(at, true), 8) + part(view.getUint16(at + 4, true), 4) + part(view.getUint16(at + 6, true), 4)
  return dashed(first + hexIn(view, at + 8, 8)).toUpperCase()
}

function dashed(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
