import type { ErrorDto } from '../../../../shared/errors.ts'
import type { CompactResult } from '../../../../shared/requests.ts'
import type { CompactRefusal } from '../../lib/compact-refusal.ts'
import { sizeText } from '../../lib/sizes.ts'

/** What the sheet says that makes a file smaller. */
export const compactWords = {
  title: (name: string) => `Compact ${name}`,
  hint: 'The disk reads the same afterwards. Only its file gets smaller.',
  how: 'How',
  ways: {
    'in-place': ['In place', 'Gives back zeros and lost room. Keeps snapshots; needs no room of its own.'],
    rewrite: ['Rewrite', 'A new file takes the old one’s place once it is whole and reads the same. Needs room for both until then.'],
    compressed: ['Rewrite and compress', 'Smallest. What the guest changes later is stored plainly again.'],
  },
  looking: 'Looking…',
  wins: (bytes: number) => `− ${sizeText(bytes)}`,
  nothing: 'nothing to gain',
  refused: 'not possible',
  before: 'Now',
  after: 'Then, about',
  refusals: {
    passphrase: 'The disk is encrypted: without its passphrase, zeros can’t be told from data.',
    snapshots: 'A new file would not hold the snapshots. Compact it in place, or delete them first.',
    encrypt: 'An encrypted disk is not rewritten.',
    data_file: 'A disk with a data file of its own is not rewritten. Compact it in place.',
    compress: 'A raw disk can’t be compressed. Convert it to qcow2.',
  } satisfies Record<CompactRefusal, string>,
  failure: ({ code, message, where, hint }: ErrorDto): string => {
    if (code === 'CORRUPT') return 'The image is damaged. Check and repair it first.'
    if (code === 'UNSUPPORTED' && where.field === 'bitmaps')
      return 'A new file would not hold the inconsistent bitmaps. Compact it in place, or remove them first.'
    return hint === undefined ? `${message}.` : `${message}. ${hint}`
  },
  go: (bytes: number) => `Give back about ${sizeText(bytes)}`,
  goEmpty: 'Compact',
  rehearsed: ({ before, after }: CompactResult) => (before > after ? `about ${sizeText(before - after)} to gain` : 'nothing to gain'),
  done: (before: number, after: number) =>
    before > after
      ? `Compacted: ${sizeText(before)} → ${sizeText(after)} on disk, ${sizeText(before - after)} given back.`
      : `Compacted: there was nothing to give back (${sizeText(after)} on disk).`,
} as const
