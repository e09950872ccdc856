/** Whether every byte is zero. Looks at 32 bytes a step, so that a wholly zero cluster costs little. */
export function isZero(bytes: Uint8Array): boolean {
  let at = 0
  while (at < bytes.length && (bytes.byteOffset + at) % 4 !== 0) if (bytes[at++] !== 0) return false
  if (at === bytes.length) return true
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (bytes.length - at) >> 2)
  const whole = words.length - (words.length % 8)
  let i = 0
  for (; i < whole; i += 8) {
    const any = words[i]! | words[i + 1]! | words[i + 2]! | words[i + 3]! | words[i + 4]! | words[i + 5]! | words[i + 6]! | words[i + 7]!
    if (any !== 0) return false
  }
  for (; i < words.length; i++) if (words[i] !== 0) return false
  for (at += words.length * 4; at < bytes.length; at++) if (bytes[at] !== 0) return false
  return true
}

/** Whether two ranges of one length hold the same bytes. Looks at 32 bits a step where both lie on a border of them. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let at = 0
  if (a.byteOffset % 4 === 0 && b.byteOffset % 4 === 0) {
    const left = new Int32Array(a.buffer, a.byteOffset, a.length >> 2)
    const right = new Int32Array(b.buffer, b.byteOffset, a.length >> 2)
    for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false
    at = left.length * 4
  }
  for (; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Making one costs far more than a short text does. */
const DECODER = new TextDecoder()

/** UTF-8 bytes as text; what is not UTF-8 becomes the replacement character. */
export function textOf(bytes: Uint8Array): string {
  return DECODER.decode(bytes)
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
