import { chmodSync, closeSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, isAbsolute, relative } from 'node:path'
import type { DiscardRequest, JobOrder, JobView, MoveRequest } from '../shared/api.ts'
import { StrataError } from '../shared/errors.ts'
import type { DiskInfo } from '../shared/model.ts'
import type { ConvertTarget, SourceImage } from '../shared/requests.ts'
import { flushFolder } from '../engine/index.ts'
import { canonicalPath } from './canonical.ts'
import type { EngineHost } from './engine-host.ts'
import { errnoOf, fileError } from './file-error.ts'
import type { Grants } from './grants.ts'
import { filesOf } from './job-files.ts'
import type { Jobs } from './jobs.ts'
import type { Shell } from './shell.ts'

export interface ImageFilesParts {
  engine: Pick<EngineHost, 'query'>
  grants: Grants
  jobs: Pick<Jobs, 'list' | 'start' | 'subscribe'>
  shell: Pick<Shell, 'moveToBin'>
}

type Rebase = Extract<JobOrder, { kind: 'rebase' }>
type Copy = Extract<JobOrder, { kind: 'convert' }>
/** The overlay's new name for its base, and the one that it had. */
interface Repair {
  to: Rebase
  back: Rebase
}

/** File systems that have no second names answer one of these. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/** What a person does with whole image files: another name or place, and away. Every path is checked against the grants. */
export class ImageFiles {
  readonly #parts: ImageFilesParts

  constructor(parts: ImageFilesParts) {
    this.#parts = parts
  }

  /**
   * Gives an image another name and then the named overlays that name; answers both paths. Until each overlay knows it the file has both
   * names, so that nothing breaks in between; where one can't be told, the others get the old name back and the file keeps it. Throws
   * `EXISTS`, `IN_USE`, `DENIED`, and `UNSUPPORTED` for an image that names files by their place beside it. To another file system, a job
   * copies the file and compares the copy, and the old one goes last.
   */
  async move(request: MoveRequest): Promise<{ from: string; to: string }> {
    const from = this.#own(request.path)
    const to = this.#parts.grants.assertWritable(request.to)
    if (dirname(from) !== dirname(to)) await this.#assertLoose(from)
    const repairs = await Promise.all(request.overlays.map((overlay) => this.#repair(overlay, from, to)))
    this.#assertIdle(from)
    const before = stampOf(from)
    const given = giveName(from, to)
    const done: Repair[] = []
    try {
      if (given === 'claimed') await this.#copy(from, to)
      // Before an overlay is told a name, a power cut must not take that name away again.
      flushFolder(dirname(to))
      for (const repair of repairs) {
        await this.#run(repair.to)
        done.push(repair)
      }
      this.#assertIdle(from)
      if (given === 'claimed' && stampOf(from) !== before)
        throw new StrataError('IN_USE', 'The disk was changed while it was copied', { path: from }, 'Close what uses it, and try again.')
      if (given !== 'renamed') rmSync(from)
    } catch (error) {
      for (const repair of done) await this.#run(repair.back)
      if (given === 'renamed') renameSync(to, from)
      else rmSync(to, { force: true })
      throw error
    }
    // Not above: from here on there is only the new name, and nothing may take it back.
    flushFolder(dirname(from))
    return { from, to }
  }

  /** Puts an image into the system's bin; or, where the program has none and the person agreed, deletes it. Answers its path. */
  async discard({ path, forever }: DiscardRequest): Promise<string> {
    const own = this.#own(path)
    this.#assertIdle(own)
    const { moveToBin } = this.#parts.shell
    if (forever === (moveToBin !== undefined))
      throw new StrataError('UNSUPPORTED', forever ? 'Here a disk goes to the bin' : 'There is no bin here', { path: own })
    try {
      if (moveToBin) await moveToBin(own)
      else rmSync(own)
    } catch (error) {
      throw fileError(error, own, 'The disk could not be deleted')
    }
    return own
  }

  /** Fills the file that was claimed at `to` with the bytes of another, and proves it. */
  async #copy(from: string, to: string): Promise<void> {
    const source: SourceImage = { path: from, format: 'raw' }
    const target: ConvertTarget = { path: to, format: 'raw' }
    await this.#run({ kind: 'convert', request: { source, target, overwrite: true, verify: true } })
  }

  /** The canonical path of a file that is there and may be changed. */
  #own(path: string): string {
    const own = this.#parts.grants.assertWritable(path)
    if (!statSync(own, { throwIfNoEntry: false })?.isFile()) throw new StrataError('NOT_FOUND', 'There is no such file', { path: own })
    return own
  }

  #assertIdle(path: string): void {
    const uses = ({ order }: JobView): boolean => {
      const { reads, writes, parts = [] } = filesOf(order)
      return [...reads, ...writes, ...parts].includes(path)
    }
    if (this.#parts.jobs.list().some((job) => job.ended === undefined && uses(job)))
      throw new StrataError('IN_USE', 'A job works on this disk', { path }, 'Wait until that job has ended, or cancel it.')
  }

  /** Names that are seen from the image's own folder would lead elsewhere from another. */
  async #assertLoose(path: string): Promise<void> {
    const { backingName, qcow2 } = await this.#look(path)
    const beside = [backingName, qcow2?.dataFile].find((name) => name !== undefined && !isAbsolute(name))
    if (beside !== undefined)
      throw new StrataError(
        'UNSUPPORTED',
        `This disk needs ${beside}, which it looks for beside itself`,
        { path },
        'Rename it within its folder, or convert it into a disk that stands alone.',
      )
  }

  async #repair(overlay: string, from: string, to: string): Promise<Repair> {
    const path = this.#parts.grants.assertWritable(overlay)
    const info = await this.#look(path)
    const { backingName, backingPath, backingFormat } = info
    if (backingName === undefined || backingPath === undefined || canonicalPath(backingPath) !== from)
      throw new StrataError('INVALID_ARGUMENT', 'This image does not stand on the disk that is renamed', { path, field: 'overlays' })
    const format = backingFormat ?? (await this.#look(from)).format
    const order = (name: string, named: string | undefined): Rebase => ({
      kind: 'rebase',
      request: { path, format: info.format, backing: { name, ...(named !== undefined && { format: named }) }, mode: 'unsafe' },
    })
    return { to: order(isAbsolute(backingName) ? to : besideName(path, to), format), back: order(backingName, backingFormat) }
  }

  async #look(path: string): Promise<DiskInfo> {
    const { engine, grants } = this.#parts
    const [top] = (await engine.query('info', { path }, grants.rule())).layers
    if (!top) throw new StrataError('BUG', 'A chain has no top', { path })
    return top
  }

  async #run(order: Rebase | Copy): Promise<void> {
    const { grants, jobs } = this.#parts
    const ended = Promise.withResolvers<JobView>()
    const { id } = jobs.start(order, () => grants.rule())
    const stop = jobs.subscribe((job) => {
      if (job.id === id && job.ended !== undefined) ended.resolve(job)
    })
    const { error, status } = await ended.promise
    stop()
    if (error) throw new StrataError(error.code, error.message, error.where, error.hint)
    if (status !== 'done') throw new StrataError('CANCELLED', 'The job was cancelled, and the disk is where it was')
  }
}

/** A file's name as an image in `overlay`'s folder says it; a colon in front would be taken for a protocol. */
function besideName(overlay: string, path: string): string {
  const name = relative(dirname(overlay), path)
  return name.includes(':') && !isAbsolute(name) ? `./${name}` : name
}

/**
 * Gives a file a second name (`linked`), or its only other one where the file system has no second names (`renamed`). On another file system
 * the name is `claimed` with an empty file, which nobody but its owner can look into. Never replaces a file.
 */
function giveName(from: string, to: string): 'linked' | 'renamed' | 'claimed' {
  try {
    linkSync(from, to)
    return 'linked'
  } catch (error) {
    const code = errnoOf(error) ?? ''
    if (code === 'EXDEV') return claim(from, to)
    if (!NO_LINKS.includes(code)) throw namingError(error, to)
  }
  // A folder that lies on another file system may have no second names either.
  if (statSync(dirname(from)).dev !== statSync(dirname(to)).dev) return claim(from, to)
  if (statSync(to, { throwIfNoEntry: false })) throw taken(to)
  try {
    renameSync(from, to)
  } catch (error) {
    throw namingError(error, to)
  }
  return 'renamed'
}

/** Takes a name with an empty file that has the mode of another, so that the copy is made as private as that is. */
function claim(from: string, to: string): 'claimed' {
  try {
    const { mode } = statSync(from)
    closeSync(openSync(to, 'wx', mode & 0o700))
    chmodSync(to, mode & 0o777)
    return 'claimed'
  } catch (error) {
    throw namingError(error, to)
  }
}

function namingError(error: unknown, to: string): StrataError {
  return errnoOf(error) === 'EEXIST' ? taken(to) : fileError(error, to, 'The disk could not be renamed')
}

function taken(to: string): StrataError {
  return new StrataError('EXISTS', 'A file of this name is there already', { path: to }, 'Choose another name.')
}

/** What changes when a file's bytes do. */
function stampOf(path: string): string {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true })
  return `${ino} ${size} ${mtimeNs}`
}
