import { many } from './many.ts'

/** Giving a disk another size. */
export const resizeWords = {
  title: (name: string) => `Resize ${name}`,
  now: 'Now',
  size: 'New size',
  more: (size: string) => `+ ${size}`,
  twice: 'Twice',
  before: 'Now',
  after: 'Then',
  adds: (size: string) => `The guest gets ${size} more. The file itself hardly grows until the guest writes there.`,
  same: 'That is the size it has now.',
  smaller: 'Strata only grows disks: a smaller one would cut off what lies at its end.',
  guestStep: 'Inside the guest, the partition and its file system must be grown afterwards.',
  dependants: (count: number) =>
    `${many(count, 'overlay')} in your library ${count === 1 ? 'is' : 'are'} built on this disk and will keep ${count === 1 ? 'its' : 'their'} own size.`,
  go: (size: string) => `Grow to ${size}`,
  goEmpty: 'Grow',
} as const
