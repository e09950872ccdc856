import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import type { ConvertRequest, Estimate } from '../../../shared/requests.ts'
import { convertCommand } from '../lib/command-line.ts'
import { baseName, folderOf, isWhole, joinPath, stem } from '../lib/paths.ts'
import { words } from '../words/en.ts'
import type { Files } from './files.svelte.ts'
import type { Jobs } from './jobs.svelte.ts'

/** Names that are tried before the person has to find one. */
const TRIES = 20

/** A second file with the bytes of a disk's file: its snapshots, options and passphrases come along. */
export class DuplicateDraft {
  readonly info: DiskInfo
  readonly #client: Pick<Client<WindowApi>, 'estimate'>
  readonly #jobs: Pick<Jobs, 'start'>
  readonly #files: Pick<Files, 'pickTarget'>
  readonly #separator: string
  readonly #home: string
  name = $state('')
  folder = $state('')
  #estimate = $state.raw<{ of: string; is: Estimate } | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #starting = $state(false)

  readonly to = $derived.by(() => joinPath(this.folder, this.name.trim(), this.#separator))
  /** what the copy costs under the last name that was asked about; undefined until it is known */
  readonly cost = $derived.by(() => this.#estimate?.is)
  /** the same of the name as it is now */
  readonly estimate = $derived.by(() => (this.#estimate?.of === this.to ? this.#estimate.is : undefined))
  /** why this disk has no copy that could be used beside it */
  readonly refusal = $derived.by(() => {
    const dataFile = this.info.qcow2?.dataFile
    return dataFile === undefined ? undefined : words.imageFile.sharedData(dataFile)
  })
  readonly problem = $derived.by(() => {
    const name = this.name.trim()
    if (name === '') return words.imageFile.needName
    if (/[/\\]/.test(name)) return words.imageFile.noSeparator
    if (this.to === this.info.path || this.estimate?.targetExists) return words.imageFile.taken
    const { backingName } = this.info
    return backingName === undefined || isWhole(backingName) || this.folder === this.#home
      ? undefined
      : words.imageFile.nearBase(backingName)
  })
  readonly lack = $derived.by(() => (this.cost ? Math.max(0, this.cost.expected - this.cost.free) : 0))
  readonly request = $derived.by<ConvertRequest>(() => ({
    source: { path: this.info.path, format: 'raw' },
    target: { path: this.to, format: 'raw' },
    overwrite: false,
  }))
  readonly command = $derived.by(() => convertCommand(this.request))
  readonly ready = $derived.by(
    () => !this.#starting && this.refusal === undefined && this.problem === undefined && this.lack === 0 && this.#error === undefined,
  )

  constructor(
    info: DiskInfo,
    parts: {
      client: Pick<Client<WindowApi>, 'estimate'>
      jobs: Pick<Jobs, 'start'>
      files: Pick<Files, 'pickTarget'>
      separator: string
    },
  ) {
    this.info = info
    this.#client = parts.client
    this.#jobs = parts.jobs
    this.#files = parts.files
    this.#separator = parts.separator
    this.#home = folderOf(info.path)
    this.folder = this.#home
    this.name = this.#copyName(1)
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** Proposes a name that is free, unless the person types one meanwhile. One that is taken by a file that the window was not given is refused. */
  async look(): Promise<void> {
    for (let count = 1; count <= TRIES; count++) {
      const proposed = this.#copyName(count)
      this.name = proposed
      await this.measure()
      if (this.name !== proposed || (this.estimate && !this.estimate.targetExists)) return
    }
    this.name = this.#copyName(1)
    await this.measure()
  }

  /** Asks what the copy as it is named now costs. */
  async measure(): Promise<void> {
    const { to, request } = this
    this.#error = undefined
    try {
      const is = await this.#client.estimate(request)
      if (to === this.to) this.#estimate = { of: to, is }
    } catch (error) {
      if (to === this.to) this.#error = toErrorDto(error)
    }
  }

  /** Lets the person choose another folder, and with it a name. */
  async choosePlace(): Promise<void> {
    const target = await this.#files.pickTarget(words.imageFile.copyPlace, this.to)
    if (!target) return
    this.folder = folderOf(target.path)
    this.name = baseName(target.path)
  }

  /** Starts the job and answers whether it started. */
  async start(): Promise<boolean> {
    this.#starting = true
    try {
      await this.#jobs.start({ kind: 'convert', request: this.request })
      return true
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    } finally {
      this.#starting = false
    }
  }

  #copyName(count: number): string {
    const name = baseName(this.info.path)
    const start = stem(name)
    return words.imageFile.copyName(start, count) + name.slice(start.length)
  }
}
