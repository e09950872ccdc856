import type { FileSystem } from '../../../src/engine/io/file-system.ts'
import { MemoryStorage } from '../../../src/engine/io/memory.ts'
import type { MemorySystem } from '../../../src/engine/io/memory-system.ts'
import { StorageDecorator } from '../../../src/engine/io/storage-decorator.ts'
import type { Storage } from '../../../src/engine/io/storage.ts'
import { wrapSystem } from '../../../src/engine/io/wrapped-system.ts'

/** A change of a file, which has a number that it keeps whatever its name is. Offsets and sizes in bytes. */
export type FileCall =
  | { kind: 'write'; file: number; at: number; bytes: Uint8Array }
  | { kind: 'zero'; file: number; at: number; length: number }
  | { kind: 'truncate'; file: number; size: number }

/** A change of names. */
export type NameCall =
  { kind: 'create'; file: number; path: string } | { kind: 'rename'; from: string; to: string } | { kind: 'remove'; path: string }

/** What a program asked of the disk, in order: changes, and what brings those before it to stable storage, of one file or of all names. */
export type DiskCall = FileCall | NameCall | { kind: 'flush'; file: number } | { kind: 'flush-names' } | { kind: 'nothing' }

/** What lies on a disk: contents by the files' numbers, and which name leads to which. */
export interface DiskImage {
  contents: Map<number, MemoryStorage>
  names: Map<string, number>
}

/** Records what is asked of the files of a `MemorySystem`, so that it can be told what a power cut would leave of it. */
export class RecordedSystem {
  readonly files: FileSystem
  readonly calls: DiskCall[] = []
  /** what was there when recording began, on stable storage */
  readonly start: DiskImage = { contents: new Map(), names: new Map() }
  readonly #names = new Map<string, number>()
  #created = 0

  constructor(memory: MemorySystem) {
    for (const path of memory.paths) {
      const file = this.#created++
      this.start.contents.set(file, copyOf(memory, path))
      this.start.names.set(path, file)
      this.#names.set(path, file)
    }
    const named = wrapSystem(memory, (storage, path) => new RecordedStorage(storage, this.#names.get(memory.canonical(path))!, this.calls))
    this.files = {
      ...named,
      create: (path) => {
        const storage = memory.create(path)
        const [file, name] = [this.#created++, memory.canonical(path)]
        this.#names.set(name, file)
        this.calls.push({ kind: 'create', file, path: name })
        return new RecordedStorage(storage, file, this.calls)
      },
      rename: (from, to) => {
        memory.rename(from, to)
        const [old, fresh] = [memory.canonical(from), memory.canonical(to)]
        this.#names.set(fresh, this.#names.get(old)!)
        this.#names.delete(old)
        // As `FileSystem` promises, the move is durable when the call returns.
        this.calls.push({ kind: 'rename', from: old, to: fresh }, { kind: 'flush-names' })
      },
      remove: (path) => {
        memory.remove(path)
        const name = memory.canonical(path)
        if (this.#names.delete(name)) this.calls.push({ kind: 'remove', path: name })
      },
    }
  }
}

class RecordedStorage extends StorageDecorator {
  readonly #file: number
  readonly #calls: DiskCall[]

  constructor(inner: Storage, file: number, calls: DiskCall[]) {
    super(inner)
    this.#file = file
    this.#calls = calls
  }

  override writeAt(at: number, from: Uint8Array): void {
    super.writeAt(at, from)
    this.#calls.push({ kind: 'write', file: this.#file, at, bytes: from.slice() })
  }

  override zeroAt(at: number, length: number): void {
    super.zeroAt(at, length)
    this.#calls.push({ kind: 'zero', file: this.#file, at, length })
  }

  override allocateAt(at: number, length: number, written: boolean): void {
    super.allocateAt(at, length, written)
    this.#calls.push({ kind: 'zero', file: this.#file, at, length })
  }

  override truncate(size: number): void {
    super.truncate(size)
    this.#calls.push({ kind: 'truncate', file: this.#file, size })
  }

  override flush(): void {
    super.flush()
    if (this.writable) this.#calls.push({ kind: 'flush', file: this.#file })
  }
}

function copyOf(files: FileSystem, path: string): MemoryStorage {
  const storage = files.open(path, false)
  const bytes = new Uint8Array(storage.size)
  storage.readAt(0, bytes)
  storage.close()
  return new MemoryStorage(path, bytes)
}
