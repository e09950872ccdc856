import type { Client, FolderImages, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { FormatName, SnapshotInfo } from '../../../shared/model.ts'
import type { ConvertRequest } from '../../../shared/requests.ts'
import { convertCommand } from '../lib/command-line.ts'
import { baseName, folderOf } from '../lib/paths.ts'
import { words } from '../words/en.ts'
import { ConvertItem, type ConvertTerms } from './convert-item.svelte.ts'
import type { Jobs } from './jobs.svelte.ts'
import { Qcow2Form } from './qcow2-form.svelte.ts'

/** What the files that go to one folder need there together. Bytes. */
export interface FolderRoom {
  folder: string
  expected: number
  atMost: number
  free: number
}

/** A conversion of one or more files while the person describes it. */
export class ConvertDraft {
  readonly #client: Client<WindowApi>
  readonly #jobs: Jobs
  readonly #separator: string

  #items = $state.raw<readonly ConvertItem[]>([])
  compress = $state(false)
  /** how hard to compress; undefined as QEMU does */
  level = $state<number | undefined>(undefined)
  readonly form = new Qcow2Form()
  keepBacking = $state(false)
  verify = $state(false)
  replaceSource = $state(false)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #note = $state<string | undefined>(undefined)

  /** something becomes a qcow2 image */
  readonly makesQcow2 = $derived(this.#items.some(({ format }) => format === 'qcow2'))
  readonly encrypts = $derived(this.makesQcow2 && this.form.encryption.on)
  /** what is encrypted packs no smaller, and QEMU refuses both at once */
  readonly compresses = $derived(this.compress && !this.encrypts)
  /** some source is an overlay, whose base the result can keep */
  readonly hasBacking = $derived(this.#items.some(({ source, snapshot }) => source.layers.length > 1 && snapshot === undefined))
  /** the highest level that the way of compressing has */
  readonly hardest = $derived(this.form.modern && this.form.compressionType === 'zstd' ? 19 : 9)
  readonly mayReplace = $derived(this.#items.every(({ snapshot }) => snapshot === undefined))
  readonly terms = $derived.by<ConvertTerms>(() => {
    const level = this.compresses && this.level !== undefined && this.level <= this.hardest ? this.level : undefined
    const options = {
      ...this.form.options(this.compresses || this.keepBacking ? 'off' : this.form.preallocation),
      ...(level !== undefined && { compressionLevel: level }),
    }
    const replaceSource = this.replaceSource && this.mayReplace
    return {
      target: { ...(this.compresses && { compress: true }), ...(Object.keys(options).length > 0 && { qcow2: options }) },
      keepBacking: this.keepBacking && this.hasBacking,
      verify: this.verify && !replaceSource,
      replaceSource,
    }
  })
  readonly requests = $derived(this.#items.flatMap((item) => item.request(this.terms) ?? []))
  readonly command = $derived.by(() => {
    const lines = this.#items.filter(({ hasCommand }) => hasCommand).map((item) => ({ item, request: item.request(this.terms) }))
    return lines.flatMap(({ item, request }) => (request ? [convertCommand(request, item.encrypted)] : [])).join('\n')
  })
  /** the format that all files become, where it is the same */
  readonly format = $derived.by<FormatName | undefined>(() => {
    const [first, ...others] = this.#items.map(({ format }) => format)
    return others.every((format) => format === first) ? first : undefined
  })
  /** two files would get the same name */
  readonly clash = $derived.by(() => {
    const names = this.#items.map(({ target }) => target.trim())
    const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index)
    return twice === undefined ? undefined : words.convert.clash(baseName(twice))
  })
  readonly rooms = $derived.by(() => roomsOf(this.#items))
  readonly estimating = $derived(this.#items.some((item) => item.estimating))
  readonly replaces = $derived(this.#items.some(({ targetExists }) => targetExists))
  readonly ready = $derived.by(() => {
    if (this.#items.length === 0 || this.clash !== undefined || (this.encrypts && !this.form.encryption.ready)) return false
    return this.#items.every((item) => item.ready(this.terms))
  })

  /** What is wrong with a file's target as it is typed, in words. */
  problemOf(item: ConvertItem): string | undefined {
    if (item.target.trim() === '') return words.convert.needTarget
    return item.takesPlace && !this.terms.replaceSource ? words.convert.isSource : undefined
  }

  constructor(client: Client<WindowApi>, jobs: Jobs, separator: string) {
    this.#client = client
    this.#jobs = jobs
    this.#separator = separator
  }

  get items(): readonly ConvertItem[] {
    return this.#items
  }

  /** the only file, where there is one */
  get single(): ConvertItem | undefined {
    return this.#items.length === 1 ? this.#items[0] : undefined
  }

  /** Makes all files become the same. */
  become(format: FormatName): void {
    for (const item of this.#items) item.format = format
  }

  /** why the last image could not be taken in */
  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** what is to be said of the folder that was taken in last */
  get note(): string | undefined {
    return this.#note
  }

  /** Looks at images and takes them in; one that is there already stays as it is. The first that can't be opened is told in `error`. */
  async add(paths: readonly string[], snapshot?: SnapshotInfo): Promise<void> {
    this.#error = undefined
    this.#note = undefined
    for (const path of paths) {
      try {
        const chain = await this.#client.info({ path })
        const known = this.#items.some((item) => item.info.path === chain.layers[0]?.path && item.snapshot?.id === snapshot?.id)
        if (!known) this.#items = [...this.#items, new ConvertItem(chain, snapshot, this.#separator)]
      } catch (error) {
        this.#error ??= toErrorDto(error)
      }
    }
  }

  /** Takes in the images of a folder. */
  async addFolder({ paths, more }: FolderImages): Promise<void> {
    await this.add(paths)
    if (paths.length === 0) this.#note = words.convert.emptyFolder
    else if (more) this.#note = words.convert.folderHasMore(paths.length)
  }

  /** Takes another image, or a snapshot of it, in the place of all. */
  async instead(path: string, snapshot?: SnapshotInfo): Promise<void> {
    this.#items = []
    await this.add([path], snapshot)
  }

  remove(item: ConvertItem): void {
    this.#items = this.#items.filter((other) => other !== item)
  }

  /** Moves all targets to one folder. */
  moveTo(folder: string): void {
    for (const item of this.#items) item.moveTo(folder)
  }

  /** Asks what each conversion as described now would cost. */
  async measure(): Promise<void> {
    const { terms } = this
    for (const item of this.#items) await item.measure(this.#client, terms)
  }

  /** Starts a job for each file and answers whether all started; those that did are gone from the list. */
  async start(): Promise<boolean> {
    const { terms } = this
    for (const item of this.#items) {
      const request = item.request(terms)
      if (!request) return false
      try {
        await this.#jobs.start({ kind: 'convert', request: await this.#withPassphrase(request) })
        this.remove(item)
      } catch (error) {
        item.fail(error)
        return false
      }
    }
    return true
  }

  /** Forgets the passphrase. */
  leave(): void {
    this.form.encryption.leave()
  }

  /** Each order takes its passphrase along, and no second one can use it. */
  async #withPassphrase(request: ConvertRequest): Promise<ConvertRequest> {
    const { target } = request
    if (!target.qcow2?.encrypt) return request
    const encrypt = await this.form.encryption.hold(this.#client)
    return encrypt ? { ...request, target: { ...target, qcow2: { ...target.qcow2, encrypt } } } : request
  }
}

function roomsOf(items: readonly ConvertItem[]): FolderRoom[] {
  const rooms: FolderRoom[] = []
  for (const { estimate, target } of items) {
    if (!estimate) continue
    const folder = folderOf(target)
    const { expected, atMost, free } = estimate
    const room = rooms.find((other) => other.folder === folder)
    if (!room) rooms.push({ folder, expected, atMost, free })
    else Object.assign(room, { expected: room.expected + expected, atMost: room.atMost + atMost, free: Math.min(room.free, free) })
  }
  return rooms
}
