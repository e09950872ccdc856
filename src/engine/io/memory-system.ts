import { StrataError } from '../../shared/errors.ts'
import type { FileFacts, FileSystem } from './file-system.ts'
import { MemoryStorage } from './memory.ts'
import { assertInside, assertWritable } from './range.ts'
import type { Storage, StorageRun } from './storage.ts'

/** A file of a `MemorySystem`, apart from its name: a handle keeps it when the name goes. */
interface MemoryFile {
  content: MemoryStorage
  modified: number
  mode: number
}

/**
 * Files held in memory, under paths like `/disks/a.qcow2`; a relative path starts at the root. Folders are made with `addFolder`, and
 * there are no links. An open handle keeps working after its file is renamed, replaced or removed.
 */
export class MemorySystem implements FileSystem {
  readonly #files = new Map<string, MemoryFile>()
  readonly #folders = new Set(['/'])
  readonly #handles = new Set<Storage>()
  readonly #free: number
  #besides = 0

  /** `free` is what `free()` answers, in bytes; writes are not held to it. */
  constructor(free = 2 ** 40) {
    this.#free = free
  }

  /** Names of all files, in order. */
  get paths(): string[] {
    return [...this.#files.keys()].sort()
  }

  /** How many handles are open. */
  get openHandles(): number {
    return this.#handles.size
  }

  /** Makes a folder, and those above it that are missing. */
  addFolder(path: string): void {
    for (let folder = normal(path); !this.#folders.has(folder); folder = folderOf(folder)) this.#folders.add(folder)
  }

  open(path: string, writable: boolean): Storage {
    if (this.#folders.has(normal(path)))
      throw new StrataError('INVALID_ARGUMENT', 'This is a folder, not a file', { path }, 'Choose a file.')
    return this.#handle(path, this.#file(path), writable)
  }

  create(path: string): Storage {
    const name = this.canonical(path)
    if (this.#files.has(name) || this.#folders.has(name))
      throw new StrataError('EXISTS', 'There is a file of that name already', { path }, 'Choose another name.')
    const file = { content: new MemoryStorage(name), modified: Date.now(), mode: 0o644 }
    this.#files.set(name, file)
    return this.#handle(path, file, true)
  }

  rename(from: string, to: string): void {
    const file = this.#file(from)
    const target = this.canonical(to)
    if (this.#folders.has(target)) throw new StrataError('INVALID_ARGUMENT', 'This is a folder, not a file', { path: to })
    this.#files.delete(normal(from))
    this.#files.set(target, file)
  }

  remove(path: string): void {
    this.#files.delete(normal(path))
  }

  facts(path: string): FileFacts | undefined {
    const name = normal(path)
    if (this.#folders.has(name)) return { size: 0, allocated: 0, modified: 0, kind: 'folder' }
    const file = this.#files.get(name)
    return file && { size: file.content.size, allocated: file.content.allocated, modified: file.modified, kind: 'file' }
  }

  list(folder: string): { path: string; kind: FileFacts['kind'] }[] {
    const name = normal(folder)
    if (!this.#folders.has(name)) throw notFound(folder)
    const within = (path: string): boolean => path !== '/' && folderOf(path) === name
    return [
      ...[...this.#files.keys()].filter(within).map((path) => ({ path, kind: 'file' as const })),
      ...[...this.#folders].filter(within).map((path) => ({ path, kind: 'folder' as const })),
    ]
  }

  canonical(path: string): string {
    const name = normal(path)
    if (!this.#folders.has(folderOf(name))) throw notFound(path)
    return name
  }

  resolve(from: string, name: string): string {
    return name.startsWith('/') ? name : from.slice(0, from.lastIndexOf('/') + 1) + name
  }

  nameFrom(from: string, path: string): string {
    const above = folderOf(normal(from)).split('/').filter(Boolean)
    const parts = normal(path).split('/').filter(Boolean)
    let shared = 0
    while (shared < above.length && above[shared] === parts[shared]) shared++
    return [...above.slice(shared).map(() => '..'), ...parts.slice(shared)].join('/')
  }

  besideName(path: string): string {
    const name = normal(path)
    const folder = folderOf(name)
    const base = name.slice(name.lastIndexOf('/') + 1)
    return `${folder === '/' ? '' : folder}/.${base}.strata-${(this.#besides++).toString(16)}`
  }

  /** No process can leave anything here: the files end with it. */
  removeAbandoned(): void {}

  copyMode(from: string, to: string): void {
    this.#file(to).mode = this.#file(from).mode
  }

  free(): number {
    return this.#free
  }

  #file(path: string): MemoryFile {
    const file = this.#files.get(normal(path))
    if (!file) throw notFound(path)
    return file
  }

  #handle(path: string, file: MemoryFile, writable: boolean): Storage {
    const handle = new MemoryHandle(path, file, writable, () => this.#handles.delete(handle))
    this.#handles.add(handle)
    return handle
  }
}

/** One opening of a file. Used after `close`, it throws, as a real handle does. */
class MemoryHandle implements Storage {
  readonly path: string
  readonly writable: boolean
  readonly #file: MemoryFile
  readonly #closing: () => void
  #closed = false

  constructor(path: string, file: MemoryFile, writable: boolean, closing: () => void) {
    this.path = path
    this.writable = writable
    this.#file = file
    this.#closing = closing
  }

  get size(): number {
    return this.#file.content.size
  }

  readAt(at: number, into: Uint8Array): void {
    assertInside(this, at, into.length)
    this.#content().readAt(at, into)
  }

  writeAt(at: number, from: Uint8Array): void {
    this.#changing(at, from.length).writeAt(at, from)
  }

  zeroAt(at: number, length: number): void {
    this.#changing(at, length).zeroAt(at, length)
  }

  allocateAt(at: number, length: number, written: boolean): void {
    this.#changing(at, length).allocateAt(at, length, written)
  }

  extents(at: number, length: number): Iterable<StorageRun> {
    assertInside(this, at, length)
    return this.#content().extents(at, length)
  }

  truncate(size: number): void {
    this.#changing(size, 0).truncate(size)
  }

  flush(): void {
    this.#content()
  }

  close(): void {
    this.#closed = true
    this.#closing()
  }

  #content(): MemoryStorage {
    if (this.#closed) throw new StrataError('IO', 'The file was used after it was closed', { path: this.path })
    return this.#file.content
  }

  #changing(at: number, length: number): MemoryStorage {
    assertWritable(this, at, length)
    this.#file.modified = Date.now()
    return this.#content()
  }
}

function notFound(path: string): StrataError {
  return new StrataError('NOT_FOUND', 'There is no such file or folder', { path }, 'Check the name.')
}

/** The absolute path without `.`, `..` and doubled slashes. */
function normal(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return '/' + parts.join('/')
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
