import { type ErrorCode, StrataError } from '../../shared/errors.ts'
import { StorageDecorator } from './storage-decorator.ts'
import type { Storage, StorageRun } from './storage.ts'

/** The calls that can be made to fail; `write` stands for `zeroAt` and `allocateAt` too, and `read` for `extents`. */
export type FaultKind = 'read' | 'write' | 'truncate' | 'flush'

export interface FaultOptions {
  /** which of the counted calls fails, from 1 on */
  nth: number
  /** which calls count; those that change the storage where absent */
  kinds?: readonly FaultKind[]
  /** the error's code; `IO` where absent */
  code?: ErrorCode
  /** whether every call of any kind fails from then on, as of a disk that is gone */
  gone?: boolean
}

/** When calls fail. One plan may serve several storages, which are then counted together. */
export class FaultPlan {
  readonly #nth: number
  readonly #kinds: readonly FaultKind[]
  readonly #code: ErrorCode
  readonly #gone: boolean
  #seen = 0

  constructor({ nth, kinds = ['write', 'truncate', 'flush'], code = 'IO', gone = false }: FaultOptions) {
    this.#nth = nth
    this.#kinds = kinds
    this.#code = code
    this.#gone = gone
  }

  /** Whether a call has failed. A scenario that ends without that had fewer calls than `nth`. */
  get fired(): boolean {
    return this.#seen >= this.#nth
  }

  /** Counts a call, and throws if it is one that fails. */
  pass(kind: FaultKind, path: string, offset: number): void {
    const before = this.fired
    if (this.#kinds.includes(kind)) this.#seen++
    const fails = before ? this.#gone : this.fired
    if (fails) throw new StrataError(this.#code, `A ${kind} failed, as it was made to`, { path, offset })
  }
}

/** A storage whose calls fail as a plan says. A call that fails does nothing; closing never fails. */
export class FaultStorage extends StorageDecorator {
  readonly #plan: FaultPlan

  constructor(inner: Storage, plan: FaultPlan | FaultOptions) {
    super(inner)
    this.#plan = plan instanceof FaultPlan ? plan : new FaultPlan(plan)
  }

  /** Whether a call has failed. */
  get fired(): boolean {
    return this.#plan.fired
  }

  override readAt(at: number, into: Uint8Array): void {
    this.#plan.pass('read', this.path, at)
    super.readAt(at, into)
  }

  override writeAt(at: number, from: Uint8Array): void {
    this.#plan.pass('write', this.path, at)
    super.writeAt(at, from)
  }

  override zeroAt(at: number, length: number): void {
    this.#plan.pass('write', this.path, at)
    super.zeroAt(at, length)
  }

  override allocateAt(at: number, length: number, written: boolean): void {
    this.#plan.pass('write', this.path, at)
    super.allocateAt(at, length, written)
  }

  override extents(at: number, length: number): Iterable<StorageRun> {
    this.#plan.pass('read', this.path, at)
    return super.extents(at, length)
  }

  override truncate(size: number): void {
    this.#plan.pass('truncate', this.path, size)
    super.truncate(size)
  }

  override flush(): void {
    this.#plan.pass('flush', this.path, 0)
    super.flush()
  }
}
