import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { StrataError } from '../shared/errors.ts'
import { isUnder, type GateRule } from '../engine/index.ts'
import { canonicalPath } from './canonical.ts'

/** A name of a new file beside a granted one must end so: what Strata writes there can then be nothing that another program runs or obeys. */
const IMAGE_ENDINGS = ['.qcow2', '.qcow', '.raw', '.img']

/** More neighbours than this are not looked at; the folder is no place for a chain then. */
const MAX_NEIGHBOURS = 20_000

/**
 * What the windows may touch. Neither a window nor an image is trusted with a path: each comes from here or is refused.
 *
 * - A granted *folder* (the server's roots) may be read and written with all that lies under it, by the window and by names in images.
 * - A granted *file* (dialog, drop, system, library, a job's result) may be read and written.
 * - Beside a granted file, images may name backing files: plain, not hidden files directly in its folder, for reading. So an overlay shows
 *   its chain, while an image can name neither `/etc/shadow`, nor `~/.ssh/id_rsa` when it lies in the home folder itself. The window can
 *   not open these neighbours on its own.
 * - Beside a granted file the window may make new, not hidden files with an image's ending, as "convert" and "overlay" propose them.
 *   Replacing a file there needs that file's own grant: the save dialog gives it.
 *
 * All paths are canonical, so no link leads out; callers go on with the path that a check answers, not with the one they asked about.
 */
export class Grants {
  readonly #roots = new Set<string>()
  readonly #files = new Set<string>()

  constructor(roots: readonly string[] = []) {
    for (const root of roots) this.#roots.add(canonicalPath(root))
  }

  get roots(): string[] {
    return [...this.#roots]
  }

  /** Grants a file that the person named outside of the window's own words; answers its canonical path. */
  grantFile(path: string): string {
    const real = canonicalPath(path)
    this.#files.add(real)
    return real
  }

  /** The canonical path of a file or folder that may be read, there or not; throws `DENIED`. */
  assertReadable(path: string): string {
    const real = canonicalPath(path)
    if (this.holds(real)) return real
    throw denied('read', path)
  }

  /** The canonical path of a file that may be read, if only where an image names it: its passphrase may be tried. Throws `DENIED`. */
  assertNameable(path: string): string {
    const real = canonicalPath(path)
    if (this.mayBeNamed(real)) return real
    throw denied('read', path)
  }

  /** The canonical path of a file that may be written, made or replaced; throws `DENIED`, or `NOT_FOUND` where its folder is missing. */
  assertWritable(path: string): string {
    const real = canonicalPath(path)
    if (!this.holds(real) && !this.#mayJoin(real)) throw denied('write', path)
    const folder = dirname(real)
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return real
    throw new StrataError('NOT_FOUND', 'There is no such folder', { path: folder }, 'Make the folder first, or choose another.')
  }

  /** Whether this canonical path was given itself, or lies in a folder that was. */
  holds(real: string): boolean {
    return this.#files.has(real) || this.roots.some((root) => isUnder(real, root))
  }

  /** Whether a name inside an image may lead to this canonical path, as of now. */
  mayBeNamed(real: string): boolean {
    return this.holds(real) || this.#neighbours().includes(real)
  }

  /** What names inside images may lead to, as of now. */
  rule(): GateRule {
    return { kind: 'granted', roots: this.roots, files: [...new Set([...this.#files, ...this.#neighbours()])], writable: [...this.#files] }
  }

  #mayJoin(real: string): boolean {
    const name = basename(real)
    const harmless = !name.startsWith('.') && IMAGE_ENDINGS.includes(extname(name).toLowerCase())
    return harmless && this.#folders().has(dirname(real)) && !existsSync(real)
  }

  #neighbours(): string[] {
    return [...this.#folders()].flatMap(plainFiles)
  }

  #folders(): Set<string> {
    return new Set([...this.#files].map((file) => dirname(file)))
  }
}

function plainFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    if (entries.length > MAX_NEIGHBOURS) return []
    return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map((entry) => join(folder, entry.name))
  } catch {
    return [] // the folder is gone or closed to us: nothing in it can be opened either
  }
}

function denied(doing: 'read' | 'write', path: string): StrataError {
  return doing === 'read'
    ? new StrataError(
        'DENIED',
        'Strata was not given this file',
        { path },
        'Open it with the dialog, drop it on the window, or name its folder with --root.',
      )
    : new StrataError(
        'DENIED',
        'Strata was not given this place to write to',
        { path },
        'Choose the place in the dialog, or name its folder with --root.',
      )
}
