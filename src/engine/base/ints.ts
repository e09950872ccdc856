/** Arithmetic on byte counts and offsets: safe integers, so no bit operators, which stop at 32 bits. */

export function ceilDiv(value: number, by: number): number {
  return Math.ceil(value / by)
}

export function alignDown(value: number, to: number): number {
  return value - (value % to)
}

export function alignUp(value: number, to: number): number {
  return alignDown(value + to - 1, to)
}

export function isPowerOfTwo(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && Number.isInteger(Math.log2(value))
}

const TWO_32 = 2 ** 32

/** A big-endian 64-bit word as a number; above 2^53 it is no safe integer any more, which the caller must look at. */
export function getU64(view: DataView, at: number): number {
  return view.getUint32(at) * TWO_32 + view.getUint32(at + 4)
}

/** Writes a safe integer as a big-endian 64-bit word. */
export function putU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / TWO_32))
  view.setUint32(at + 4, value % TWO_32)
}
