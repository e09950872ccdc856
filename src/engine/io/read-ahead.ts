import { readPadded, type Storage } from './storage.ts'

/** Bytes that are read at once. */
const AHEAD = 4096

/**
 * A way to read small pieces that lie one behind the other with few calls; what lies past the end of the storage reads as zeros. What it
 * answers stays valid until the next call.
 */
export function readAhead(storage: Storage): (at: number, length: number) => Uint8Array {
  let start = 0
  let held = new Uint8Array()
  return (at, length) => {
    if (at < start || at + length > start + held.length) {
      start = at
      held = new Uint8Array(Math.max(length, AHEAD))
      readPadded(storage, at, held)
    }
    return held.subarray(at - start, at - start + length)
  }
}
