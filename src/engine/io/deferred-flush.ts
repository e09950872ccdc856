import { StorageDecorator } from './storage-decorator.ts'

/**
 * A storage for a staged file, which nobody can see before it is whole: the order in which its parts become durable does not matter, so
 * `flush` does nothing, and `settle` flushes once at the end.
 */
export class DeferredFlush extends StorageDecorator {
  override flush(): void {}

  /** Returns when all that was written is on stable storage. */
  settle(): void {
    this.inner.flush()
  }
}
