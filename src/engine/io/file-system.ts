import type { Storage } from './storage.ts'

/** What the engine needs to know of a file without opening it. */
export interface FileFacts {
  /** bytes a reader sees */
  size: number
  /** bytes that the file system gave to the file */
  allocated: number
  /** milliseconds since 1970 */
  modified: number
  kind: 'file' | 'folder' | 'device' | 'other'
  /** which file it is, by whatever name it goes, where the system tells */
  id?: string
}

/**
 * The files an engine can reach: the real ones, or a set held in memory. Errors are `StrataError`s with the path:
 * `NOT_FOUND`, `DENIED`, `EXISTS`, `NO_SPACE`, `IO`.
 */
export interface FileSystem {
  open(path: string, writable: boolean): Storage
  /** Makes a new, empty, writable file; `EXISTS` if there is one. */
  create(path: string): Storage
  /** Moves a file over whatever `to` is, in one step, and makes the move durable. */
  rename(from: string, to: string): void
  /** Removes a file; a missing one is no error. */
  remove(path: string): void
  /** The facts of a file, or undefined where there is none. */
  facts(path: string): FileFacts | undefined
  /** What lies in a folder, in no order. What a link leads to counts as what it is, but a folder behind a link as `other`: so no walk goes in circles. */
  list(folder: string): { path: string; kind: FileFacts['kind'] }[]
  /** The path with links followed and `.` and `..` resolved; of a file that does not exist, its folder's with the name. */
  canonical(path: string): string
  /** `name` as seen from the folder that holds the file `from`; absolute names stay. */
  resolve(from: string, name: string): string
  /** The name by which `resolve` comes from the file `from` to `path`; both canonical. Absolute where there is no way between them. */
  nameFrom(from: string, path: string): string
  /** A name for a new file beside `path`, hidden, of which no file exists. */
  besideName(path: string): string
  /** Removes files beside `path` that bear a name of `besideName`, and that a process of this machine left which has ended. What can't be removed stays. */
  removeAbandoned(path: string): void
  /** Gives `to` the permissions of `from`, where the system has such. */
  copyMode(from: string, to: string): void
  /** Bytes free for this user where `path` lies. */
  free(path: string): number
}

/** What two names of one file have in common, and no other file has: links are followed, and hard links known where the system tells of them. */
export function identityOf(files: FileSystem, path: string): string {
  return files.facts(path)?.id ?? files.canonical(path)
}
