/** Bits of a byte array, numbered from the lowest of the first byte on, as persistent bitmaps number theirs. */

/** Sets bits `[from, to)`. */
export function setBits(bytes: Uint8Array, from: number, to: number): void {
  const first = Math.floor(from / 8)
  const last = Math.floor((to - 1) / 8)
  const head = 0xff << (from % 8)
  const tail = 0xff >> (7 - ((to - 1) % 8))
  if (first === last) {
    bytes[first]! |= head & tail
    return
  }
  bytes[first]! |= head
  bytes.fill(0xff, first + 1, last)
  bytes[last]! |= tail
}

/** Clears all bits from `from` on. */
export function clearBitsFrom(bytes: Uint8Array, from: number): void {
  const first = Math.floor(from / 8)
  if (first >= bytes.length) return
  bytes[first]! &= 0xff >> (8 - (from % 8))
  bytes.fill(0, first + 1)
}

/** The runs of set bits among the first `count`, in order. */
export function* bitRuns(bytes: Uint8Array, count: number): Generator<{ from: number; to: number }> {
  for (let at = 0; ;) {
    const from = nextBit(bytes, at, count, true)
    if (from >= count) return
    at = nextBit(bytes, from, count, false)
    yield { from, to: at }
  }
}

/** The first bit from `from` on that is set, or is not; `count` where there is none before it. */
function nextBit(bytes: Uint8Array, from: number, count: number, set: boolean): number {
  const dull = set ? 0 : 0xff
  for (let bit = from; bit < count;) {
    const byte = bytes[bit >> 3] ?? 0
    if (byte === dull) bit = (bit | 7) + 1
    else if (((byte >> (bit & 7)) & 1) === (set ? 1 : 0)) return bit
    else bit++
  }
  return count
}
