import type { Preallocation } from '../../shared/model.ts'
import type { Job } from '../base/job.ts'
import type { Storage } from './storage.ts'

/** Bytes that are set aside before anybody looks at the job. */
const PIECE = 8 * 2 ** 20

/** What a job calls setting space aside. */
export const SETTING_ASIDE = 'Setting space aside'

/** Makes `[at, at + length)` of a file read as zeros, with as much of its room taken as `preallocation` says. */
export function zeroWith(storage: Storage, at: number, length: number, preallocation: Preallocation): void {
  if (preallocation === 'falloc' || preallocation === 'full') storage.allocateAt(at, length, preallocation === 'full')
  else storage.zeroAt(at, length)
}

/** Grows a file to `size` bytes, which are zeros, with their room taken as `preallocation` says. */
export function growFile(storage: Storage, size: number, preallocation: Preallocation, job: Job): void {
  const from = storage.size
  if (preallocation === 'falloc' || preallocation === 'full')
    for (let at = from; at < size; at += PIECE) {
      job.checkpoint()
      job.report({ phase: SETTING_ASIDE, done: at - from, total: size - from })
      zeroWith(storage, at, Math.min(PIECE, size - at), preallocation)
    }
  else if (size > from) storage.truncate(size)
}
