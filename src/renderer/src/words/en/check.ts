import type { CheckReport } from '../../../../shared/model.ts'
import { countText, sizeText } from '../../lib/sizes.ts'
import { many } from './many.ts'

/** What is said of checks. */
export const checkWords = {
  button: 'Check now',
  again: 'Check again',
  never: 'This disk has not been checked yet.',
  neverHint: 'A check reads every table of the image and compares it with what is in use. It changes nothing.',
  rawTitle: 'There is nothing to check.',
  rawHint: 'A raw image is the guest’s bytes and nothing else: no tables that could be wrong.',
  running: 'Checking…',
  remembered: 'Found at the last check. Check again to see the details.',
  findings: 'What was found',
  findingsCut: (shown: number, all: number) => `The first ${countText(shown)} of ${countText(all)}.`,
  statistics: 'Statistics',
  show: 'Show on map',
  showOnMap: (offset: string) => `Show on map: guest offset ${offset}`,
  onDisk: (place: string) => `On the disk at ${place}`,
  inFile: 'In the file at',
  kinds: { leak: 'Unused', corruption: 'Damage', error: 'Unreadable' },
  checked: 'Checked',
  usage: (used: string, all: string) => `${used} of ${all} clusters hold data`,
  stats: { allocated: 'In use', compressed: 'Compressed', fragmented: 'Out of order', end: 'Last used byte', cluster: 'Cluster size' },
  headline: (verdict: 'fine' | 'leaks' | 'corrupt'): string =>
    ({ fine: 'This disk is fine.', leaks: 'This disk is sound, but some space is lost.', corrupt: 'This disk is damaged.' })[verdict],
  unreadable: 'Parts of this disk could not be checked.',
  report: (report: CheckReport): string[] => {
    const lines: string[] = []
    if (report.corruptions > 0) {
      lines.push(
        `${many(report.corruptions, 'place')} in the image ${report.corruptions === 1 ? 'contradicts' : 'contradict'} another. Data there may be wrong or get overwritten.`,
        'Copy the file before anything else, and don’t start a machine with it.',
      )
    }
    if (report.leaks > 0) {
      const one = report.leaks === 1
      lines.push(
        `${many(report.leaks, 'cluster')} ${one ? 'is' : 'are'} marked used but nothing uses ${one ? 'it' : 'them'} (${sizeText(report.leaks * report.clusterSize)}). Nothing is lost.`,
      )
    }
    if (report.checkErrors > 0) lines.push(`${many(report.checkErrors, 'part')} of the image could not be read.`)
    if (lines.length === 0)
      lines.push(`Every table agrees with every other, and all ${many(report.allocatedClusters, 'cluster')} in use are accounted for.`)
    return lines
  },
} as const
