import type { FileSystem } from './file-system.ts'
import type { Storage } from './storage.ts'

/** The calls of a file system that change names, and opening. */
export type NameCall = 'open' | 'create' | 'rename' | 'remove' | 'copyMode'

/**
 * A file system whose storages pass through `wrap` as they are opened. `before` hears of a call that opens or changes names first,
 * with the path that it is about (of a rename the old one), and by throwing makes it fail.
 */
export function wrapSystem(
  files: FileSystem,
  wrap: (storage: Storage, path: string) => Storage,
  before: (call: NameCall, path: string) => void = () => {},
): FileSystem {
  return {
    open(path, writable) {
      before('open', path)
      return wrap(files.open(path, writable), path)
    },
    create(path) {
      before('create', path)
      return wrap(files.create(path), path)
    },
    rename(from, to) {
      before('rename', from)
      files.rename(from, to)
    },
    remove(path) {
      before('remove', path)
      files.remove(path)
    },
    copyMode(from, to) {
      before('copyMode', to)
      files.copyMode(from, to)
    },
    facts: (path) => files.facts(path),
    list: (folder) => files.list(folder),
    canonical: (path) => files.canonical(path),
    resolve: (from, name) => files.resolve(from, name),
    nameFrom: (from, path) => files.nameFrom(from, path),
    besideName: (path) => files.besideName(path),
    removeAbandoned: (path) => files.removeAbandoned(path),
    free: (path) => files.free(path),
  }
}
