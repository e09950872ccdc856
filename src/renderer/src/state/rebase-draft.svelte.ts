import type { Client, JobOrder, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { ChainInfo, DiskInfo } from '../../../shared/model.ts'
import { orderCommand } from '../lib/order-command.ts'
import { baseName, folderOf } from '../lib/paths.ts'
import { words } from '../words/en.ts'
import { Dependants } from './dependants.svelte.ts'
import type { Jobs } from './jobs.svelte.ts'

/** Putting a disk on another base, while the person chooses it. */
export class RebaseDraft {
  readonly info: DiskInfo
  readonly #client: Client<WindowApi>
  readonly #jobs: Jobs
  /** the images that stand on the disk: what they read stays, unless only the name changes */
  readonly dependants: Dependants
  #onto = $state.raw<ChainInfo | undefined>(undefined)
  /** only the name changes: nothing is compared or copied */
  nameOnly = $state(false)
  /** the person accepts that the images on this one read otherwise */
  agreed = $state(false)
  /** snapshots in the disk may read otherwise afterwards */
  changeSnapshots = $state(false)
  #error = $state.raw<ErrorDto | undefined>(undefined)

  readonly base = $derived(this.#onto?.layers[0])
  /** every layer of the new base */
  readonly layers = $derived(this.#onto?.layers ?? [])
  readonly problem = $derived.by(() => {
    const { base } = this
    if (!base) return undefined
    if (this.#onto?.layers.some(({ path }) => path === this.info.path)) return words.layers.rebase.loops(baseName(base.path))
    return base.path === this.info.backingPath && !this.nameOnly ? words.layers.rebase.same(baseName(base.path)) : undefined
  })
  readonly #harms = $derived.by(() => this.nameOnly && (this.dependants.paths?.length ?? 0) > 0)
  readonly order = $derived.by<JobOrder | undefined>(() => {
    const { path, format } = this.info
    const { base } = this
    if (!base) return undefined
    const changed = this.changeSnapshots && !this.nameOnly && { changeSnapshots: true }
    // Beside the disk, a base is named without its folder, so that both can be moved together.
    const name = folderOf(base.path) === folderOf(path) ? baseName(base.path) : base.path
    const mode = this.nameOnly ? 'unsafe' : 'safe'
    const forced = this.#harms && { forced: true }
    return { kind: 'rebase', request: { path, format, backing: { name, format: base.format }, mode, ...changed }, ...forced }
  })
  readonly command = $derived((this.order && orderCommand(this.order)) ?? '')
  readonly ready = $derived.by(() => {
    if (!this.order || this.problem !== undefined) return false
    return !this.nameOnly || (this.dependants.paths !== undefined && (!this.#harms || this.agreed))
  })

  constructor(info: DiskInfo, client: Client<WindowApi>, jobs: Jobs) {
    this.info = info
    this.#client = client
    this.#jobs = jobs
    this.dependants = new Dependants(info.path, client)
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** Looks at the image that the disk shall stand on. */
  async onto(path: string | undefined): Promise<void> {
    this.#error = undefined
    this.#onto = undefined
    if (path === undefined) return
    try {
      this.#onto = await this.#client.info({ path })
    } catch (error) {
      this.#error = toErrorDto(error)
    }
  }

  /** Starts the job and answers whether it started. */
  async start(): Promise<boolean> {
    if (!this.ready || !this.order) return false
    try {
      await this.#jobs.start(this.order)
      return true
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    }
  }
}
