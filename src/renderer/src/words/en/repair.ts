import type { JobOrder } from '../../../../shared/api.ts'
import type { CheckReport } from '../../../../shared/model.ts'
import type { CheckRequest, RepairScope } from '../../../../shared/requests.ts'
import { baseName } from '../../lib/paths.ts'
import { countText, sizeText } from '../../lib/sizes.ts'
import { many } from './many.ts'

/** What is said of repairs. */
export const repairWords = {
  title: 'What repair would do',
  look: 'See what repair would do',
  lookAgain: 'Look again',
  looking: 'Looking what repair would do…',
  lookingHint: 'The repair is tried in memory. The file is not touched.',
  running: 'Repairing…',
  runningHint: 'Don’t start a machine with this disk until it is done.',
  failed: 'What repair would do can’t be told.',
  mended: 'Would be mended',
  left: 'Would be left',
  leaks: (clusters: number, bytes: number) =>
    `${many(clusters, 'lost cluster')} ${clusters === 1 ? 'goes' : 'go'} back to the image as free room (${sizeText(bytes)}).`,
  corruptions: (places: number) => `${many(places, 'contradiction')} between its tables ${places === 1 ? 'is' : 'are'} put right.`,
  dirty: 'The mark “not closed cleanly” is taken off.',
  corrupt: 'The mark “damaged” is taken off; QEMU writes to the disk again.',
  nothing: 'Nothing: repair can’t mend what was found.',
  nothingLeft: 'Nothing. The image is sound afterwards.',
  leftCorruptions: (places: number) => `${many(places, 'contradiction')} that can’t be put right.`,
  leftLeaks: (clusters: number, bytes: number) => `${many(clusters, 'lost cluster')} (${sizeText(bytes)}).`,
  leftErrors: (parts: number) => `${many(parts, 'part')} that can’t be read.`,
  wayOut: 'Copy the file, then convert the copy: what can be read of the disk goes into a sound image.',
  harmless: 'The guest’s data stays as it is.',
  touches:
    'Where a table points to an impossible place, the entry is cut, and the guest reads zeros or what lies below there. Copy the file first if it matters.',
  steps: 'Each step',
  dependants: (count: number) =>
    `${many(count, 'image')} ${count === 1 ? 'stands' : 'stand'} on this disk and may read otherwise after the repair:`,
  moreDependants: (count: number) => `and ${countText(count)} more`,
  incomplete: 'Not every file in the folder could be looked at: there may be more.',
  lookingForDependants: 'Looking which images stand on this disk…',
  unknownDependants: 'Which images stand on this disk can’t be told.',
  agree: 'Repair it all the same',
  go: (scope: RepairScope, bytes: number) => (scope === 'leaks' ? `Give back ${sizeText(bytes)}` : 'Repair'),
  done: ({ corruptionsFixed = 0, leaksFixed = 0, clusterSize }: CheckReport): string[] => [
    ...(corruptionsFixed > 0 ? [`Repaired: ${many(corruptionsFixed, 'contradiction')} put right.`] : []),
    ...(leaksFixed > 0 ? [`Given back: ${many(leaksFixed, 'lost cluster')} (${sizeText(leaksFixed * clusterSize)}).`] : []),
    ...(corruptionsFixed + leaksFixed === 0 ? ['The repair changed no table.'] : []),
  ],
  marks: {
    dirty: [
      'This image was not closed cleanly.',
      'The program that wrote it ended without a last word, as in a power cut, or has it open still. Its counts of what is in use may be behind. Nothing need be lost; after a check, a repair sets the counts right and takes the mark off. If a machine runs on this disk now, leave it alone.',
    ],
    corrupt: [
      'This image is marked damaged.',
      'QEMU met a contradiction in it and set this mark. It opens such an image for reading only, so that nothing gets worse. A repair takes the mark off once no contradiction is left.',
    ],
  },
} as const

/** A check, a rehearsal of a repair or a repair, as a job. */
export function checkTitle({ path, repair, dryRun }: CheckRequest, over: boolean): string {
  const disk = baseName(path)
  if (repair === undefined) return `${over ? 'Checked' : 'Checking'} ${disk}`
  if (dryRun) return `${over ? 'Looked' : 'Looking'} what repair would do to ${disk}`
  return `${over ? 'Repaired' : 'Repairing'} ${disk}`
}

/** The verdict of such a job in a few words; of a rehearsal, what it promises. */
export function checkResult(order: JobOrder, { corruptions, leaks, checkErrors }: CheckReport): string {
  if (order.kind === 'check' && order.request.repair && order.request.dryRun)
    return corruptions + leaks + checkErrors > 0 ? 'Not all can be mended' : 'All can be mended'
  return corruptions > 0 ? 'Damaged' : leaks > 0 ? 'Some space is lost' : 'This disk is fine.'
}
