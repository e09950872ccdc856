import { statSync, watch, type FSWatcher } from 'node:fs'
import { MOST_AT_A_TIME, type FolderImages, type WatchedFolder } from '../shared/api.ts'
import { StrataError } from '../shared/errors.ts'
import { canonicalPath } from './canonical.ts'
import { FolderScanner } from './folder-scan.ts'
import type { Grants } from './grants.ts'
import type { Library } from './library.ts'

/** Images that watched folders may bring in all. */
export const MOST_WATCHED = 2_000
const MOST_FOLDERS = 100
/** Milliseconds from news to the look, and from one look to the next: a job may write there all the time. */
const QUIET = 300
const PAUSE = 2_000

interface Parts {
  library: Library
  grants: Grants
  /** called when a look is over */
  changed: () => void
}

/** The folders whose images are in the library without being opened one by one. Looked at when the system tells of news, and when asked. */
export class WatchedFolders {
  readonly #parts: Parts
  readonly #scanner = new FolderScanner()
  readonly #watchers = new Map<string, FSWatcher>()
  /** folders that the person chose outside of the window since the program began */
  readonly #chosen = new Set<string>()
  readonly #found = new Map<string, { images: number; more: boolean }>()
  readonly #away = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #looking = Promise.resolve()
  #waiting: Promise<void> | undefined
  #lastLook = 0
  #closed = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** In the order in which they were added; `present` and the counts are of the last look. */
  list(): WatchedFolder[] {
    return this.#parts.library.folders().map((path) => {
      const { images, more } = this.#found.get(path) ?? { images: 0, more: false }
      return { path, present: !this.#away.has(path), images, more }
    })
  }

  /** Notes that the person chose a folder in a dialog of the system; answers its canonical path. */
  chosen(path: string): string {
    const real = canonicalPath(path)
    this.#chosen.add(real)
    return real
  }

  /** Notes that the person dropped a folder on the window; answers false for what is none. */
  takeDropped(path: string): boolean {
    if (!isFolder(path)) return false
    this.chosen(path)
    return true
  }

  /** Watches a folder, and answers once it has been looked at. Throws `DENIED` for one that was neither granted nor chosen. */
  async add(path: string): Promise<void> {
    const real = this.#mine(path)
    if (!isFolder(real)) throw new StrataError('NOT_FOUND', 'There is no such folder', { path: real })
    if (this.#parts.library.folders().length >= MOST_FOLDERS)
      throw new StrataError(
        'UNSUPPORTED',
        `Strata watches ${MOST_FOLDERS} folders at most`,
        { path: real },
        'Stop watching another one first.',
      )
    this.#parts.library.watch(real)
    await this.look()
  }

  /** Grants the images directly in a folder, as many as are taken at once. Throws `DENIED` for one that was neither granted nor chosen. */
  async imagesIn(path: string): Promise<FolderImages> {
    const real = this.#mine(path)
    if (!isFolder(real)) return { paths: [real], more: false }
    const scan = await this.#scanner.scan(real, MOST_AT_A_TIME)
    if (!scan) throw new StrataError('DENIED', 'The system does not let Strata look into this folder', { path: real })
    return { paths: scan.images.filter((image) => this.#grant(image)), more: scan.more }
  }

  /** Forgets a folder and the images that came by it. One that was watched once may be watched again. */
  remove(path: string): void {
    if (this.#parts.library.folders().includes(path)) this.#chosen.add(path)
    this.#parts.library.unwatch(path)
    this.#found.delete(path)
    this.#watchers.get(path)?.close()
    this.#watchers.delete(path)
    this.#parts.changed()
  }

  /** Looks into all folders. One look at a time; all that is asked for while one goes on is the one after it. */
  look(): Promise<void> {
    this.#waiting ??= this.#looking
      .catch(() => undefined)
      .then(() => {
        this.#waiting = undefined
        return (this.#looking = this.#lookOnce())
      })
    return this.#waiting
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  async #lookOnce(): Promise<void> {
    const { library, changed } = this.#parts
    let left = MOST_WATCHED
    for (const folder of library.folders()) {
      this.#watch(folder)
      const scan = await this.#scanner.scan(folder, left)
      if (this.#closed) return
      if (!library.folders().includes(folder)) continue
      // Of a folder that is away (a drive that was pulled out), the images stay, as missing.
      if (!scan) {
        this.#away.add(folder)
        continue
      }
      const images = scan.images.filter((image) => this.#grant(image))
      left -= images.length
      library.found(folder, images)
      this.#away.delete(folder)
      this.#found.set(folder, { images: images.length, more: scan.more })
    }
    this.#lastLook = Date.now()
    changed()
  }

  /** The canonical path of what was chosen, or granted. */
  #mine(path: string): string {
    const real = canonicalPath(path)
    return this.#chosen.has(real) ? real : this.#parts.grants.assertReadable(path)
  }

  /** Answers false for a file that went away, or that the system keeps from Strata. */
  #grant(image: string): boolean {
    const { grants } = this.#parts
    try {
      if (!grants.holds(image)) grants.grantFile(image)
      return true
    } catch {
      return false
    }
  }

  /** Hears of news in a folder, if the system tells any; a watcher of a folder that was replaced hears nothing, so each look begins it anew. */
  #watch(folder: string): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#soon())
      watcher.on('error', () => watcher.close())
      this.#watchers.set(folder, watcher)
    } catch {
      // The folder is away, or the system watches no more folders: the next look finds what is new.
    }
  }

  #soon(): void {
    if (this.#timer || this.#closed) return
    const wait = Math.max(QUIET, this.#lastLook + PAUSE - Date.now())
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.look().catch(() => undefined)
    }, wait)
    this.#timer.unref()
  }
}

/** False also for what the system keeps from Strata. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
