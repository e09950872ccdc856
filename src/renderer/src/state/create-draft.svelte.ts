import type { Client, JobView, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo, FormatName, Preallocation, Qcow2Options } from '../../../shared/model.ts'
import type { CreateRequest } from '../../../shared/requests.ts'
import { createCommand } from '../lib/command-line.ts'
import { createCost } from '../lib/create-cost.ts'
import { baseName, folderOf, joinPath, stem } from '../lib/paths.ts'
import { parseSize, type Unit } from '../lib/sizes.ts'
import { words } from '../words/en.ts'
import type { Target } from './files.svelte.ts'
import type { Jobs } from './jobs.svelte.ts'
import { Qcow2Form } from './qcow2-form.svelte.ts'

/** A new disk while the person describes it. */
export class CreateDraft {
  readonly #client: Client<WindowApi>
  readonly #jobs: Jobs
  readonly #separator: string

  name = $state('disk.qcow2')
  folder = $state('')
  amount = $state('40')
  unit = $state<Unit>('GiB')
  #format = $state<FormatName>('qcow2')
  #backing = $state.raw<DiskInfo | undefined>(undefined)
  readonly form = new Qcow2Form()
  #occupied = $state<string | undefined>(undefined)
  #agreed = $state<string | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #working = $state(false)

  readonly path = $derived.by(() => joinPath(this.folder, this.name.trim(), this.#separator))
  /** guest bytes; undefined while the field makes no sense */
  readonly size = $derived(parseSize(this.amount, this.unit))
  readonly takesBackingSize = $derived(this.#backing !== undefined && this.amount.trim() === '')
  readonly nameProblem = $derived.by(() => {
    if (this.name.trim() === '') return words.create.needName
    return /[/\\]/.test(this.name) ? words.create.badName : undefined
  })
  readonly sizeProblem = $derived(this.size === undefined && !this.takesBackingSize ? words.create.needSize : undefined)
  readonly folderProblem = $derived(this.folder === '' ? words.create.needFolder : undefined)
  readonly encrypts = $derived(this.#format === 'qcow2' && this.form.encryption.on)
  readonly sound = $derived.by(() => {
    if (this.nameProblem || this.sizeProblem || this.folderProblem) return false
    return !this.encrypts || this.form.encryption.ready
  })
  /** the last try met a file of this very name */
  readonly targetExists = $derived(this.#occupied === this.path)
  /** how the new disk can be laid out in advance; on a base, room can be set aside only where subclusters tell it from data */
  readonly preallocations = $derived.by<Preallocation[]>(() => {
    if (this.#format === 'raw') return ['off', 'falloc', 'full']
    return this.#backing && !this.form.extended ? ['off'] : ['off', 'metadata', 'falloc', 'full']
  })
  /** the chosen way, where the disk can have it */
  readonly laidOut = $derived(this.preallocations.includes(this.form.preallocation) ? this.form.preallocation : 'off')
  readonly request = $derived.by(() => this.#request())
  readonly command = $derived(createCommand(this.request))
  readonly guestSize = $derived(this.takesBackingSize ? (this.#backing?.virtualSize ?? 0) : (this.size ?? 0))
  readonly cost = $derived(createCost(this.request, this.guestSize))

  constructor(client: Client<WindowApi>, jobs: Jobs, separator: string) {
    this.#client = client
    this.#jobs = jobs
    this.#separator = separator
  }

  /** The person agreed that the file of this name is replaced; another name needs another yes. */
  get replace(): boolean {
    return this.#agreed === this.path
  }

  set replace(yes: boolean) {
    this.#agreed = yes ? this.path : undefined
  }

  get format(): FormatName {
    return this.#format
  }

  /** Changes the format, and the name's ending with it. */
  set format(format: FormatName) {
    this.#format = format
    const name = this.name.trim()
    if (/\.(qcow2|raw|img)$/i.test(name)) this.name = `${stem(name)}.${format}`
    if (format === 'raw') this.#backing = undefined
  }

  get backing(): DiskInfo | undefined {
    return this.#backing
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  get working(): boolean {
    return this.#working
  }

  /** Takes a whole path, as a dialog answers it; `agreed` when a file there may be replaced. */
  place({ path, agreed }: Target): void {
    this.folder = folderOf(path)
    this.name = baseName(path)
    this.replace = agreed
  }

  /** Builds the disk on an existing image, or on nothing. */
  async startFrom(path: string | undefined): Promise<void> {
    this.#error = undefined
    if (path === undefined) {
      this.#backing = undefined
      if (this.amount.trim() === '') this.amount = '40'
      return
    }
    try {
      const chain = await this.#client.info({ path })
      this.#backing = chain.layers[0]
      this.#format = 'qcow2'
      this.amount = ''
      if (this.name === 'disk.qcow2') this.name = `${stem(baseName(path))}-overlay.qcow2`
      if (this.folder === '') this.folder = folderOf(path)
    } catch (error) {
      this.#error = toErrorDto(error)
    }
  }

  /** Creates the disk and answers whether it is there. A file in its place turns into a question, any other error stays in `error`. */
  async create(): Promise<boolean> {
    if (!this.sound) return false
    this.#working = true
    this.#error = undefined
    try {
      return this.#settle(await this.#jobs.run({ kind: 'create', request: await this.#order() }))
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    } finally {
      this.#working = false
    }
  }

  #settle(job: JobView): boolean {
    if (job.status === 'done') return true
    if (job.error?.code === 'EXISTS') this.#occupied = this.path
    else this.#error = job.error
    return false
  }

  /** The request with the passphrase in the host's hands. */
  async #order(): Promise<CreateRequest> {
    const { request } = this
    const encrypt = this.encrypts ? await this.form.encryption.hold(this.#client) : undefined
    return encrypt ? { ...request, qcow2: { ...request.qcow2, encrypt } } : request
  }

  /** Forgets the passphrase. */
  leave(): void {
    this.form.encryption.leave()
  }

  #request(): CreateRequest {
    const request: CreateRequest = {
      path: this.path,
      format: this.#format,
      overwrite: this.replace,
    }
    if (this.size !== undefined) request.size = this.size
    if (this.#backing) request.backing = { name: this.#backingName(this.#backing.path), format: this.#backing.format }
    const options = this.#options()
    if (Object.keys(options).length > 0) request.qcow2 = options
    return request
  }

  /** Beside the new image, a base is named without its folder, so that both can be moved together. */
  #backingName(path: string): string {
    return folderOf(path) === this.folder ? baseName(path) : path
  }

  #options(): Qcow2Options {
    if (this.#format === 'qcow2') return this.form.options(this.laidOut)
    return this.laidOut === 'off' ? {} : { preallocation: this.laidOut }
  }
}
