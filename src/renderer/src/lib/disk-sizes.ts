import type { ChainInfo } from '../../../shared/model.ts'

/** The numbers of a disk, in bytes: what the guest sees and what the files of its chain cost. */
export interface DiskSizes {
  guest: number
  /** what the top image's own file takes */
  own: number
  /** what the images below it take */
  below: number
  onDisk: number
}

/** Adds up what a chain costs on this disk. A missing layer counts as nothing. */
export function diskSizes(chain: ChainInfo): DiskSizes {
  const [top, ...lower] = chain.layers
  const own = top?.actualSize ?? 0
  const below = lower.reduce((sum, layer) => sum + layer.actualSize, 0)
  return { guest: top?.virtualSize ?? 0, own, below, onDisk: own + below }
}
