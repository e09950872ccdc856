import type { Job } from '../base/job.ts'
import type { Disk } from '../device/disk.ts'
import type { OpenOptions } from '../device/open.ts'
import type { CopyOptions } from './copy.ts'
import type { StageWatch } from './stage.ts'

/** What a conversion brings besides its order. */
export type ConvertContext = Pick<OpenOptions, 'gate' | 'secrets'> & { job: Job; watch: StageWatch }

/** What is copied, and how: what a target needs to know of the rest of the order. */
export interface Copying {
  /** the disks that are read, in order */
  disks: readonly Disk[]
  /** guest bytes of all that is copied */
  size: number
  /** Copies into a target; `shared`, a layer of the first disk, is what the target stands on, too. */
  run(to: Disk, onto: CopyOptions['onto'], shared?: Disk): number
  /** Reads the copy anew, where that was asked for, and throws `IO` where it is not what was copied. */
  prove?(copy: Disk): void
  /** the source's file, which the new image may replace */
  replaced?: string
  /** Closes what is read: some systems replace no file that is open. */
  close(): void
}
