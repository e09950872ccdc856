import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo, SnapshotInfo } from '../../../shared/model.ts'
import type { DependantsResult, SnapshotAction } from '../../../shared/requests.ts'
import { snapshotCommand } from '../lib/command-line.ts'
import { datedName, freeName, nameFault, snapshotName } from '../lib/snapshots.ts'
import { words } from '../words/en.ts'
import type { Jobs } from './jobs.svelte.ts'

/** What a person wants to do with the snapshots of a disk. Bytes where they are known. */
export type SnapshotAsk =
  | { do: 'create' }
  | { do: 'rename'; snapshot: SnapshotInfo }
  /** `loses`: what only the disk as it is now holds */
  | { do: 'apply'; snapshot: SnapshotInfo; loses: number | undefined }
  | { do: 'delete'; snapshot: SnapshotInfo; frees: number | undefined }

/** One change of a disk's snapshots, until it is started. */
export class SnapshotDraft {
  readonly info: DiskInfo
  readonly ask: SnapshotAsk
  readonly #client: Client<WindowApi>
  readonly #jobs: Jobs
  /** the new name, where one is given */
  name = $state('')
  /** before going back: keep what the disk holds now */
  safety = $state(true)
  /** the person knows that images which stand on this disk will read something else */
  agreed = $state(false)
  #impact = $state.raw<DependantsResult | undefined>(undefined)
  #looked = $state(false)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #working = $state(false)
  #left = false

  readonly safetyName: string
  readonly problem = $derived.by(() => {
    if (this.ask.do === 'apply' || this.ask.do === 'delete') return undefined
    const own = this.ask.do === 'rename' ? this.ask.snapshot : undefined
    const fault = nameFault(
      this.name,
      this.info.snapshots.filter((snapshot) => snapshot !== own),
    )
    return fault && words.snapshots.nameFaults[fault]
  })
  readonly actions = $derived.by(() => this.#actions())
  readonly command = $derived.by(() => snapshotCommand(this.info, this.actions, this.dependants.length > 0))
  readonly ready = $derived.by(() => {
    if (this.#working || this.problem !== undefined) return false
    if (this.ask.do === 'rename') return this.name !== this.ask.snapshot.name
    return this.ask.do !== 'apply' || (this.#looked && (this.dependants.length === 0 || this.agreed))
  })

  constructor(info: DiskInfo, ask: SnapshotAsk, client: Client<WindowApi>, jobs: Jobs) {
    this.info = info
    this.ask = ask
    this.#client = client
    this.#jobs = jobs
    this.safetyName = ask.do === 'apply' ? freeName(words.snapshots.safetyName(snapshotName(ask.snapshot)), info.snapshots) : ''
    if (ask.do === 'create') this.name = datedName(Date.now(), info.snapshots)
    if (ask.do === 'rename') this.name = ask.snapshot.name
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** a safety snapshot is being taken */
  get working(): boolean {
    return this.#working
  }

  /** whether it is known which images stand on this disk, as far as it can be */
  get looked(): boolean {
    return this.#looked
  }

  /** the paths of the images nearby that read through this disk, nearest first */
  get dependants(): string[] {
    return this.#impact?.dependants.map(({ path }) => path) ?? []
  }

  /** how many files could not be read, so that it is not known whether they stand on this disk */
  get unread(): number {
    return this.#impact?.unread.length ?? 0
  }

  /** Looks for the images that going back would change. */
  async look(): Promise<void> {
    if (this.ask.do !== 'apply') return
    try {
      this.#impact = await this.#client.dependants({ path: this.info.path })
    } catch (error) {
      this.#error = toErrorDto(error)
    }
    this.#looked = true
  }

  /** Starts the job and answers whether it started. Going back waits until the safety snapshot is there, and stays away without it. */
  async start(): Promise<boolean> {
    if (!this.ready) return false
    this.#working = true
    this.#error = undefined
    try {
      for (const action of this.actions.slice(0, -1)) {
        const job = await this.#jobs.run(this.#order(action))
        this.#error = job.error
        if (job.status !== 'done' || this.#left) return false
      }
      for (const action of this.actions.slice(-1)) await this.#jobs.start(this.#order(action))
      return true
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    } finally {
      this.#working = false
    }
  }

  /** The person left: what has not been started is not started any more. */
  leave(): void {
    this.#left = true
  }

  #order(action: SnapshotAction): Parameters<Jobs['start']>[0] {
    return {
      kind: 'snapshot',
      request: { path: this.info.path, format: this.info.format, action },
      ...(action.do === 'apply' && this.dependants.length > 0 && { forced: true }),
    }
  }

  #actions(): SnapshotAction[] {
    switch (this.ask.do) {
      case 'create':
        return [{ do: 'create', name: this.name }]
      case 'rename':
        return [{ do: 'rename', snapshot: this.ask.snapshot.id, name: this.name }]
      case 'delete':
        return [{ do: 'delete', snapshot: this.ask.snapshot.id }]
      case 'apply': {
        const back = { do: 'apply', snapshot: this.ask.snapshot.id } as const
        return this.safety ? [{ do: 'create', name: this.safetyName }, back] : [back]
      }
    }
  }
}
