import { StrataError } from '../../../src/shared/errors.ts'
import type { FileSystem } from '../../../src/engine/io/file-system.ts'
import type { MemoryStorage } from '../../../src/engine/io/memory.ts'
import { MemorySystem } from '../../../src/engine/io/memory-system.ts'

/** The files that a power cut left, in the root folder, as the engine finds them. What is written to them stays in them. */
export function leftFiles(left: ReadonlyMap<string, MemoryStorage>): FileSystem {
  const empty = new MemorySystem()
  const fileOf = (path: string): MemoryStorage => {
    const file = left.get(empty.canonical(path))
    if (!file) throw new StrataError('NOT_FOUND', 'There is no such file', { path })
    return file
  }
  return {
    open: (path) => fileOf(path),
    create: (path) => empty.create(path),
    rename: (from, to) => empty.rename(from, to),
    remove: (path) => empty.remove(path),
    facts(path) {
      const file = left.get(empty.canonical(path))
      return file ? { size: file.size, allocated: file.allocated, modified: 0, kind: 'file' } : empty.facts(path)
    },
    list: () => [...left.keys()].map((path) => ({ path, kind: 'file' })),
    canonical: (path) => empty.canonical(path),
    resolve: (from, name) => empty.resolve(from, name),
    nameFrom: (from, path) => empty.nameFrom(from, path),
    besideName: (path) => empty.besideName(path),
    removeAbandoned: () => {},
    copyMode: () => {},
    free: () => empty.free(),
  }
}
