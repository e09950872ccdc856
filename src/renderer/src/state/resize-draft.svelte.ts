import type { Client, WindowApi } from '../../../shared/api.ts'
import type { DiskLayout } from '../../../shared/disk-layout.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo, Preallocation } from '../../../shared/model.ts'
import type { ResizeRequest } from '../../../shared/requests.ts'
import { resizeCommand } from '../lib/command-line.ts'
import { guestSteps, type GuestStep } from '../lib/guest-steps.ts'
import { cutBy, type Cut } from '../lib/resize-guard.ts'
import { parseSize, splitSize, type Unit } from '../lib/sizes.ts'
import { words } from '../words/en.ts'
import { Dependants } from './dependants.svelte.ts'
import type { Jobs } from './jobs.svelte.ts'

/** Another size for a disk while the person chooses it. */
export class ResizeDraft {
  readonly info: DiskInfo
  /** the images nearby that are built on this disk */
  readonly dependants: Dependants
  readonly #client: Pick<Client<WindowApi>, 'layout' | 'dependants'>
  readonly #jobs: Pick<Jobs, 'start'>
  amount = $state('')
  unit = $state<Unit>('GiB')
  preallocation = $state<Preallocation>('off')
  #layout = $state.raw<DiskLayout | undefined>(undefined)
  #looked = $state(false)
  #agreed = $state<number | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #steps = $state.raw<GuestStep[]>([])

  /** guest bytes; undefined while the field makes no sense */
  readonly size = $derived(parseSize(this.amount, this.unit))
  readonly problem = $derived.by(() => {
    if (this.size === undefined) return words.create.needSize
    return this.size === this.info.virtualSize ? words.resize.same : undefined
  })
  readonly shrinks = $derived.by(() => this.size !== undefined && this.size < this.info.virtualSize)
  /** what a smaller disk loses; undefined for one that is not smaller, and until it is known */
  readonly cut = $derived.by<Cut | undefined>(() =>
    this.size !== undefined && this.shrinks && this.#looked ? cutBy(this.#layout, this.size) : undefined,
  )
  /** the images that would read otherwise if the disk got smaller */
  readonly breaks = $derived.by(() => (this.shrinks ? (this.dependants.paths ?? []) : []))
  readonly needsConsent = $derived.by(() => {
    const { complete, error } = this.dependants
    return this.shrinks && (this.cut?.what !== 'nothing' || this.breaks.length > 0 || !complete || error !== undefined)
  })
  readonly ready = $derived(this.problem === undefined && (!this.shrinks || this.#looked) && (!this.needsConsent || this.agreed))
  readonly request = $derived.by<ResizeRequest>(() => ({
    path: this.info.path,
    format: this.info.format,
    size: this.size ?? this.info.virtualSize,
    ...(this.shrinks && { shrink: true }),
    ...(!this.shrinks && this.preallocation !== 'off' && { preallocation: this.preallocation }),
  }))
  readonly command = $derived(resizeCommand(this.request, this.breaks.length > 0))

  constructor(info: DiskInfo, client: Pick<Client<WindowApi>, 'layout' | 'dependants'>, jobs: Pick<Jobs, 'start'>) {
    this.info = info
    this.#client = client
    this.#jobs = jobs
    this.dependants = new Dependants(info.path, client)
    this.set(info.virtualSize)
  }

  /** The person agreed that this very size cuts something off; another size needs another yes. */
  get agreed(): boolean {
    return this.size !== undefined && this.#agreed === this.size
  }

  set agreed(yes: boolean) {
    this.#agreed = yes ? this.size : undefined
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** the smallest size at which nothing that is known is lost; undefined where that is not known */
  get least(): number | undefined {
    return this.#layout?.lastUsedByte
  }

  /** what to do inside the guest, once the job has started */
  get steps(): readonly GuestStep[] {
    return this.#steps
  }

  /** Fills the field with a size in bytes. */
  set(bytes: number): void {
    const { amount, unit } = splitSize(bytes)
    this.amount = amount
    this.unit = unit
  }

  /** Looks at what the guest has put on the disk, and at who stands on it. What can't be read, or is locked, counts as not known. */
  async look(locked: boolean): Promise<void> {
    const { path, format } = this.info
    const [layout] = await Promise.allSettled([locked ? undefined : this.#client.layout({ path, format }), this.dependants.read()])
    if (layout.status === 'fulfilled') this.#layout = layout.value
    this.#looked = true
  }

  /** Starts the job and answers whether it started; `steps` then says what is left to do. */
  async start(): Promise<boolean> {
    if (!this.ready) return false
    this.#error = undefined
    const grown = !this.shrinks
    try {
      await this.#jobs.start({ kind: 'resize', request: this.request, forced: this.breaks.length > 0 })
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    }
    if (this.#layout) this.#steps = guestSteps(this.#layout, { grown })
    return true
  }
}
