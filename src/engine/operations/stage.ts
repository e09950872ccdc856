import { StrataError } from '../../shared/errors.ts'
import type { Platform } from '../device/platform.ts'
import { DeferredFlush } from '../io/deferred-flush.ts'

/** Hears of staged files, so that whoever outlives this thread can remove what a killed one left. */
export interface StageWatch {
  staged(path: string): void
  settled(path: string): void
}

export interface Target {
  path: string
  /** whether a file that is there may be replaced */
  overwrite: boolean
  /** leaves it to the system when the bytes reach the disk; a power cut soon after may then leave a broken file */
  unflushed?: boolean | undefined
}

/**
 * Makes a new file in full beside its place, makes it durable, and only then moves it there. `fill` gets the empty storage and must
 * leave it open. Whatever goes wrong before the move, the staged file is removed and the target is as it was; what a killed process had staged there is
 * removed by the next one.
 */
export function stage<T>(platform: Platform, target: Target, watch: StageWatch, fill: (storage: DeferredFlush) => T): T {
  const { files } = platform
  const place = files.canonical(target.path)
  assertReplaceable(platform, target)
  files.removeAbandoned(place)
  const staged = files.besideName(place)
  watch.staged(staged)
  let result: T
  try {
    const storage = new DeferredFlush(files.create(staged))
    try {
      // At once: what its owner keeps from others must not lie open to them while it is made.
      if (files.facts(place)) files.copyMode(place, staged)
      result = fill(storage)
      if (!target.unflushed) storage.settle()
    } finally {
      storage.close()
    }
    assertReplaceable(platform, target) // making it took time, in which somebody else may have used the name
    files.rename(staged, place)
  } catch (error) {
    files.remove(staged)
    throw namingTarget(error, staged, target.path)
  } finally {
    watch.settled(staged)
  }
  return result
}

/** An error about the staged file as one about the target: the staged name means nothing to anybody, and is gone. */
function namingTarget(error: unknown, staged: string, target: string): unknown {
  if (!(error instanceof StrataError) || error.where.path !== staged) return error
  return new StrataError(error.code, error.message, { ...error.where, path: target }, error.hint, error.cause)
}

/**
 * Throws `EXISTS` for a target that is there and may not be replaced, `UNSUPPORTED` for one that is no regular file, and `DENIED` for one
 * that may not be written: replacing needs only the folder's leave, but who protects a file from writing means its content.
 */
export function assertReplaceable({ files }: Platform, { path, overwrite }: Target): void {
  const facts = files.facts(path)
  if (!facts) return
  if (facts.kind !== 'file')
    throw new StrataError(
      'UNSUPPORTED',
      facts.kind === 'folder' ? 'The target is a folder' : 'The target is not a regular file, and Strata writes images only into files',
      { path },
      'Choose a file name.',
    )
  if (!overwrite)
    throw new StrataError('EXISTS', 'There is a file of that name already', { path }, 'Choose another name, or allow Strata to replace it.')
  files.open(path, true).close()
}
