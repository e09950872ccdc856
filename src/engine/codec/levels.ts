import type { CodecName } from './codec.ts'

/** How hard each codec can be told to work. zstd has levels above, which need far more memory to read and to write. */
export const LEVELS: Readonly<Record<CodecName, { least: number; most: number }>> = {
  deflate: { least: 1, most: 9 },
  zstd: { least: 1, most: 19 },
}
