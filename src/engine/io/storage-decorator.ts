import type { Storage, StorageRun } from './storage.ts'

/** Hands every call on to another storage; a subclass overrides what it does differently. */
export class StorageDecorator implements Storage {
  protected readonly inner: Storage

  constructor(inner: Storage) {
    this.inner = inner
  }

  get path(): string {
    return this.inner.path
  }

  get size(): number {
    return this.inner.size
  }

  get writable(): boolean {
    return this.inner.writable
  }

  readAt(at: number, into: Uint8Array): void {
    this.inner.readAt(at, into)
  }

  writeAt(at: number, from: Uint8Array): void {
    this.inner.writeAt(at, from)
  }

  zeroAt(at: number, length: number): void {
    this.inner.zeroAt(at, length)
  }

  allocateAt(at: number, length: number, written: boolean): void {
    this.inner.allocateAt(at, length, written)
  }

  extents(at: number, length: number): Iterable<StorageRun> {
    return this.inner.extents(at, length)
  }

  truncate(size: number): void {
    this.inner.truncate(size)
  }

  flush(): void {
    this.inner.flush()
  }

  close(): void {
    this.inner.close()
  }
}
