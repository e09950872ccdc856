import type { Disk } from '../device/disk.ts'

/** Writes at most one cluster: packed where `bytes` are all of it and get smaller by it, else plain. The disk's last one may be cut short by its end. */
export function writePacked(to: Disk, at: number, bytes: Uint8Array, level?: number): void {
  const { packGrain, codec } = to.driver
  const whole = packGrain !== undefined && at % packGrain === 0 && (bytes.length === packGrain || at + bytes.length === to.size)
  const packed = whole ? codec?.pack(padded(bytes, packGrain), level) : undefined
  if (packed) to.writePacked(at, packed)
  else to.writeAt(at, bytes)
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes
  const whole = new Uint8Array(length)
  whole.set(bytes)
  return whole
}
