/** How QEMU packs a cluster: a window of 4 KiB, so that any reader can do with as little, the most memory for tables, zlib's usual effort. */
export const PACK_OPTIONS = { windowBits: 12, memLevel: 9 } as const

/** Streams of other writers may use deflate's full window of 32 KiB. */
export const UNPACK_WINDOW_BITS = 15

/** Bytes of an output buffer for `length` bytes of output: zlib takes none smaller than 64, and pako never ends with an empty one. */
export function outputSize(length: number): number {
  return Math.max(64, length)
}
