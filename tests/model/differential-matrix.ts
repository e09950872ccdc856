import type { Compat } from '../../src/shared/model.ts'
import { pairwise } from '../fixtures/pairs.ts'

/** One kind of image that the differential test makes. Sizes in bytes. */
export interface Row extends Record<string, unknown> {
  compat: Compat
  clusterSize: number
  refcountBits: number
  extendedL2: boolean
  /** how packed clusters are packed, where some are written */
  packs: 'nothing' | 'zlib' | 'zstd'
  data: 'inside' | 'outside' | 'raw outside'
  encryption: 'none' | 'luks' | 'aes'
  lazy: boolean
  /** the layer below: none, or one that is smaller or larger than the disk */
  backing: 'none' | 'smaller raw' | 'larger qcow2'
}

/** Whether QEMU makes such an image at all. */
export function isLegal(row: Row): boolean {
  const { compat, clusterSize, refcountBits, extendedL2, packs, data, encryption, lazy, backing } = row
  if (compat === '0.10' && (refcountBits !== 16 || extendedL2 || lazy || packs === 'zstd' || data !== 'inside')) return false
  if (extendedL2 && clusterSize < 16384) return false
  if (packs !== 'nothing' && (data !== 'inside' || encryption !== 'none')) return false
  return data !== 'raw outside' || backing === 'none'
}

/** Every pair of features that can stand together stands in one of these rows. */
export const ROWS: readonly Row[] = pairwise<Row>(
  {
    compat: ['1.1', '0.10'],
    clusterSize: [65536, 4096, 512, 2 ** 20],
    refcountBits: [16, 1, 2, 8, 32, 64],
    extendedL2: [true, false],
    packs: ['zlib', 'zstd', 'nothing'],
    data: ['inside', 'outside', 'raw outside'],
    encryption: ['none', 'luks', 'aes'],
    lazy: [false, true],
    backing: ['none', 'smaller raw', 'larger qcow2'],
  },
  isLegal,
)

/** A row in a few words. */
export function rowName({ compat, clusterSize, refcountBits, extendedL2, packs, data, encryption, lazy, backing }: Row): string {
  const words = [`compat ${compat}`, `clusters of ${clusterSize}`, `${refcountBits}-bit counts`]
  if (extendedL2) words.push('subclusters')
  if (packs !== 'nothing') words.push(packs)
  if (data !== 'inside') words.push(`data ${data}`)
  if (encryption !== 'none') words.push(encryption)
  if (lazy) words.push('lazy')
  if (backing !== 'none') words.push(`over a ${backing} disk`)
  return words.join(', ')
}
