import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import type { ResizeRequest } from '../../../shared/requests.ts'
import { resizeCommand } from '../lib/command-line.ts'
import { parseSize, splitSize, type Unit } from '../lib/sizes.ts'
import { words } from '../words/en.ts'
import type { Jobs } from './jobs.svelte.ts'

/** A larger size for a disk while the person chooses it. */
export class ResizeDraft {
  readonly info: DiskInfo
  readonly #jobs: Jobs
  amount = $state('')
  unit = $state<Unit>('GiB')
  #error = $state.raw<ErrorDto | undefined>(undefined)

  /** guest bytes; undefined while the field makes no sense */
  readonly size = $derived(parseSize(this.amount, this.unit))
  readonly problem = $derived.by(() => {
    if (this.size === undefined) return words.create.needSize
    if (this.size === this.info.virtualSize) return words.resize.same
    return this.size < this.info.virtualSize ? words.resize.smaller : undefined
  })
  readonly request = $derived.by<ResizeRequest>(() => ({
    path: this.info.path,
    format: this.info.format,
    size: this.size ?? this.info.virtualSize,
  }))
  readonly command = $derived(resizeCommand(this.request))

  constructor(info: DiskInfo, jobs: Jobs) {
    this.info = info
    this.#jobs = jobs
    this.set(info.virtualSize)
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** Fills the field with a size in bytes. */
  set(bytes: number): void {
    const { amount, unit } = splitSize(bytes)
    this.amount = amount
    this.unit = unit
  }

  /** Starts the job and answers whether it started. */
  async start(): Promise<boolean> {
    if (this.problem) return false
    try {
      await this.#jobs.start({ kind: 'resize', request: this.request })
      return true
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    }
  }
}
