/**
 * Reads and writes one reference count of a block. Section "Reference count blocks": widths below eight bits are packed from the least
 * significant bit of each byte, wider ones are big-endian.
 */
export interface Counters {
  /** the largest count */
  readonly max: number
  get(view: DataView, index: number): number
  set(view: DataView, index: number, count: number): void
  /** Fills `into` with the counts from `first` on. */
  read(view: DataView, first: number, into: Float64Array): void
  /** Whether `length` counts from `first` on, both multiples of 32, are all one; it may say no where it would have to look at each. */
  areOne(view: DataView, first: number, length: number): boolean
}

export function countersOf(bits: number): Counters {
  const counters = BY_WIDTH[bits]
  if (!counters) throw new RangeError(`no reference counts of ${bits} bits`)
  return counters
}

/** For widths up to 32 bits: counts of one fill every 32-bit word with the same bits. */
function oneTest(bits: number): Counters['areOne'] {
  let ones = 0
  for (let bit = 0; bit < 32; bit += bits) ones += 2 ** bit
  // Narrower counts begin with the least significant bit of each byte, wider ones are big-endian: either way the word reads the same.
  return (view, first, length) => {
    const end = ((first + length) * bits) / 8
    for (let at = (first * bits) / 8; at < end; at += 4) if (view.getUint32(at) !== ones) return false
    return true
  }
}

const BY_WIDTH: Record<number, Counters> = {
  1: packed(1),
  2: packed(2),
  4: packed(4),
  8: packed(8),
  16: {
    max: 2 ** 16 - 1,
    areOne: oneTest(16),
    get: (view, i) => view.getUint16(i * 2),
    set: (view, i, count) => view.setUint16(i * 2, count),
    read(view, first, into) {
      for (let i = 0; i < into.length; i++) into[i] = view.getUint16((first + i) * 2)
    },
  },
  32: {
    max: 2 ** 32 - 1,
    areOne: oneTest(32),
    get: (view, i) => view.getUint32(i * 4),
    set: (view, i, count) => view.setUint32(i * 4, count),
    read(view, first, into) {
      for (let i = 0; i < into.length; i++) into[i] = view.getUint32((first + i) * 4)
    },
  },
  64: {
    // A count above 2^53 can't come about by counting; as a number it is rounded, which a check then reports as wrong.
    max: Number.MAX_SAFE_INTEGER,
    areOne: () => false,
    get: (view, i) => view.getUint32(i * 8) * 2 ** 32 + view.getUint32(i * 8 + 4),
    set: (view, i, count) => {
      view.setUint32(i * 8, Math.floor(count / 2 ** 32))
      view.setUint32(i * 8 + 4, count % 2 ** 32)
    },
    read(view, first, into) {
      for (let i = 0; i < into.length; i++) into[i] = view.getUint32((first + i) * 8) * 2 ** 32 + view.getUint32((first + i) * 8 + 4)
    },
  },
}

function packed(bits: 1 | 2 | 4 | 8): Counters {
  const perByte = 8 / bits
  const max = 2 ** bits - 1
  const get = (view: DataView, i: number): number => (view.getUint8(Math.floor(i / perByte)) >> ((i % perByte) * bits)) & max
  return {
    max,
    get,
    areOne: oneTest(bits),
    read(view, first, into) {
      for (let i = 0; i < into.length; i++) into[i] = get(view, first + i)
    },
    set: (view, i, count) => {
      const at = Math.floor(i / perByte)
      const shift = (i % perByte) * bits
      view.setUint8(at, (view.getUint8(at) & ~(max << shift)) | (count << shift))
    },
  }
}
