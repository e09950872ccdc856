export const SORT_KEYS = ['name', 'disk', 'share', 'guest', 'health'] as const
export const FORMAT_CHOICES = ['all', 'qcow2', 'raw'] as const
export const CHAIN_CHOICES = ['all', 'base', 'overlay', 'alone'] as const
export const HEALTH_CHOICES = ['all', 'fine', 'trouble', 'unknown'] as const
/** By what a disk takes on this computer: under 1 GiB, up to 10 GiB, more. */
export const SIZE_CHOICES = ['all', 'small', 'medium', 'large'] as const

export type SortKey = (typeof SORT_KEYS)[number]

/** How the list of disks is drawn: its order, what is left out, and whether it is by watched folder. */
export interface LibraryView {
  sort: SortKey
  down: boolean
  format: (typeof FORMAT_CHOICES)[number]
  chain: (typeof CHAIN_CHOICES)[number]
  health: (typeof HEALTH_CHOICES)[number]
  size: (typeof SIZE_CHOICES)[number]
  grouped: boolean
}
