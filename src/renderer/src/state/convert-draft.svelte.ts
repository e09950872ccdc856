import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { ChainInfo, Compat, FormatName, Qcow2Options, SnapshotInfo } from '../../../shared/model.ts'
import type { ConvertRequest, Estimate } from '../../../shared/requests.ts'
import { convertCommand } from '../lib/command-line.ts'
import { baseName, folderOf, joinPath, stem } from '../lib/paths.ts'
import { fileNamePart, snapshotName } from '../lib/snapshots.ts'
import { DEFAULT_CLUSTER } from './create-draft.svelte.ts'
import type { Jobs } from './jobs.svelte.ts'

/** A conversion while the person describes it. */
export class ConvertDraft {
  readonly #client: Client<WindowApi>
  readonly #jobs: Jobs
  readonly #separator: string

  #source = $state.raw<ChainInfo | undefined>(undefined)
  #snapshot = $state.raw<SnapshotInfo | undefined>(undefined)
  #format = $state<FormatName>('qcow2')
  target = $state('')
  compress = $state(false)
  clusterSize = $state(DEFAULT_CLUSTER)
  compat = $state<Compat>('1.1')
  #agreed = $state<string | undefined>(undefined)
  #estimate = $state.raw<Estimate | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #estimating = $state(false)
  #turn = 0

  readonly info = $derived(this.#source?.layers[0])
  readonly request = $derived.by(() => this.#request())
  readonly command = $derived(this.request ? convertCommand(this.request) : '')
  readonly targetExists = $derived(this.#estimate?.targetExists ?? false)
  readonly ready = $derived(this.request !== undefined && this.#error === undefined && (!this.targetExists || this.replace))

  constructor(client: Client<WindowApi>, jobs: Jobs, separator: string) {
    this.#client = client
    this.#jobs = jobs
    this.#separator = separator
  }

  get source(): ChainInfo | undefined {
    return this.#source
  }

  /** the snapshot that is converted, where it is not the disk as it is */
  get snapshot(): SnapshotInfo | undefined {
    return this.#snapshot
  }

  /** The person agreed that the file in the target's place is replaced; another target needs another yes. */
  get replace(): boolean {
    return this.#agreed === this.target
  }

  set replace(yes: boolean) {
    this.#agreed = yes ? this.target : undefined
  }

  get format(): FormatName {
    return this.#format
  }

  /** Changes the target's format, and its name's ending with it. */
  set format(format: FormatName) {
    this.#format = format
    const name = baseName(this.target)
    if (/\.(qcow2|raw|img)$/i.test(name)) this.target = this.#beside(this.target, `${stem(name)}.${format}`)
    this.#avoidSource()
  }

  get estimate(): Estimate | undefined {
    return this.#estimate
  }

  get estimating(): boolean {
    return this.#estimating
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** Looks at an image and fills in a target that suits it, beside the source: the other format, or for a snapshot the same. */
  async from(path: string, snapshot?: SnapshotInfo): Promise<void> {
    this.#error = undefined
    this.#estimate = undefined
    try {
      this.#source = await this.#client.info({ path })
      this.#snapshot = snapshot
      this.#format = this.info?.format === 'qcow2' && !snapshot ? 'raw' : 'qcow2'
      const name = stem(baseName(path)) + (snapshot ? `-${fileNamePart(snapshotName(snapshot))}` : '')
      this.target = this.#beside(path, `${name}.${this.#format}`)
      this.#avoidSource()
    } catch (error) {
      this.#source = undefined
      this.#error = toErrorDto(error)
    }
  }

  /** Asks what the conversion as described now would cost; an answer that comes too late is dropped. */
  async measure(): Promise<void> {
    const request = this.request
    const turn = ++this.#turn
    if (!request) return
    this.#estimating = true
    try {
      const estimate = await this.#client.estimate(request)
      if (turn !== this.#turn) return
      this.#estimate = estimate
      this.#error = undefined
    } catch (error) {
      if (turn !== this.#turn) return
      this.#estimate = undefined
      this.#error = toErrorDto(error)
    } finally {
      if (turn === this.#turn) this.#estimating = false
    }
  }

  /** Starts the job and answers whether it started. */
  async start(): Promise<boolean> {
    if (!this.request) return false
    try {
      await this.#jobs.start({ kind: 'convert', request: { ...this.request, overwrite: this.replace && this.targetExists } })
      return true
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    }
  }

  #request(): ConvertRequest | undefined {
    const source = this.info
    const target = this.target.trim()
    if (!source || target === '') return undefined
    const request: ConvertRequest = {
      source: { path: source.path, format: source.format, ...(this.#snapshot && { snapshot: this.#snapshot.id }) },
      target: { path: target, format: this.#format },
      overwrite: false,
    }
    if (this.#format === 'qcow2') {
      if (this.compress) request.target.compress = true
      const options = this.#options()
      if (Object.keys(options).length > 0) request.target.qcow2 = options
    }
    return request
  }

  #options(): Qcow2Options {
    return {
      ...(this.clusterSize !== DEFAULT_CLUSTER && { clusterSize: this.clusterSize }),
      ...(this.compat !== '1.1' && { compat: this.compat }),
    }
  }

  #avoidSource(): void {
    const source = this.info
    if (source?.path !== this.target) return
    const name = baseName(source.path)
    const ending = name.slice(stem(name).length)
    this.target = this.#beside(source.path, `${stem(name)}-copy${ending}`)
  }

  #beside(path: string, name: string): string {
    return joinPath(folderOf(path), name, this.#separator)
  }
}
