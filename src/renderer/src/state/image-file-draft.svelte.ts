import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import type { Dependant } from '../../../shared/requests.ts'
import { moveCommand, type NamedBase } from '../lib/image-file-command.ts'
import { baseName, folderOf, joinPath } from '../lib/paths.ts'
import { words } from '../words/en.ts'
import type { Files } from './files.svelte.ts'
import type { Library } from './library.svelte.ts'

type Asked = Pick<Client<WindowApi>, 'dependants' | 'info'>

/** A disk's file before it gets another name or goes away, and the images that find it by its name. */
export class ImageFileDraft {
  readonly info: DiskInfo
  readonly #client: Asked
  readonly #library: Pick<Library, 'move' | 'discard'>
  readonly #files: Pick<Files, 'pickTarget'>
  readonly #separator: string
  name = $state('')
  folder = $state('')
  /** the person goes on although images break, or types the name where nothing brings the file back */
  agreed = $state(false)
  /** overlays are told the new name */
  repairs = $state(true)
  #standing = $state.raw<{ all: string[]; overlays: NamedBase[]; force: boolean; complete: boolean } | undefined>(undefined)
  #unknown = $state.raw<ErrorDto | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #working = $state(false)

  readonly to = $derived.by(() => joinPath(this.folder, this.name.trim(), this.#separator))
  readonly problem = $derived.by(() => {
    const name = this.name.trim()
    if (name === '') return words.imageFile.needName
    if (/[/\\]/.test(name)) return words.imageFile.noSeparator
    return this.to === this.info.path ? words.imageFile.sameName : undefined
  })
  /** overlays that will be told */
  readonly told = $derived.by(() => (this.repairs ? (this.#standing?.overlays ?? []) : []))
  /** images that will not open any more after a new name */
  readonly lost = $derived.by(() => (this.#standing?.all ?? []).filter((path) => !this.#reachesTold(path)))
  readonly command = $derived.by(() => moveCommand(this.info.path, this.to, this.told, this.#standing?.force ?? false))
  readonly known = $derived.by(() => this.#standing !== undefined || this.#unknown !== undefined)
  readonly ready = $derived.by(
    () => !this.#working && this.known && this.problem === undefined && (this.agreed || (this.lost.length === 0 && !this.#unknown)),
  )
  #dependants = $state.raw<readonly Dependant[]>([])

  constructor(
    info: DiskInfo,
    parts: { client: Asked; library: Pick<Library, 'move' | 'discard'>; files: Pick<Files, 'pickTarget'>; separator: string },
  ) {
    this.info = info
    this.#client = parts.client
    this.#library = parts.library
    this.#files = parts.files
    this.#separator = parts.separator
    this.name = baseName(info.path)
    this.folder = folderOf(info.path)
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** why it can't be told which images stand on the disk */
  get unknown(): ErrorDto | undefined {
    return this.#unknown
  }

  get working(): boolean {
    return this.#working
  }

  /** the images in the folder that stand on the disk; undefined until that is known */
  get standing(): readonly string[] | undefined {
    return this.#standing?.all
  }

  get overlays(): readonly NamedBase[] {
    return this.#standing?.overlays ?? []
  }

  get complete(): boolean {
    return this.#standing?.complete ?? true
  }

  /** Looks which images stand on the disk, and which of them may be told. */
  async look(): Promise<void> {
    try {
      const { dependants, unread, complete } = await this.#client.dependants({ path: this.info.path })
      const whole = dependants.filter(({ broken }) => broken === undefined)
      const direct = whole.filter(({ chain }) => chain.length === 2)
      const overlays = await Promise.all(direct.map(({ path }) => this.#named(path)))
      this.#dependants = whole
      this.#standing = {
        all: whole.map(({ path }) => path),
        overlays: overlays.flatMap((overlay) => overlay ?? []),
        force: whole.some(({ chain }) => chain.length > 2),
        complete: complete && unread.length === 0,
      }
    } catch (error) {
      this.#unknown = toErrorDto(error)
    }
  }

  /** Lets the person choose another folder, and with it a name. */
  async choosePlace(): Promise<void> {
    const target = await this.#files.pickTarget(words.imageFile.placeTitle, this.to)
    if (!target) return
    this.folder = folderOf(target.path)
    this.name = baseName(target.path)
  }

  /** Renames the file and answers its new path, or undefined where that failed. */
  async move(): Promise<string | undefined> {
    const { path } = this.info
    const to = this.to
    const overlays = this.told.map((overlay) => overlay.path)
    return (await this.#do(() => this.#library.move({ path, to, overlays }))) ? to : undefined
  }

  /** Puts the file into the bin, or deletes it; answers whether it is gone. */
  discard(forever: boolean): Promise<boolean> {
    return this.#do(() => this.#library.discard({ path: this.info.path, forever }))
  }

  async #do(work: () => Promise<void>): Promise<boolean> {
    this.#working = true
    this.#error = undefined
    try {
      await work()
      return true
    } catch (error) {
      this.#error = toErrorDto(error)
      return false
    } finally {
      this.#working = false
    }
  }

  /** How an overlay names the disk; undefined where this window may not open it, and so not change it. */
  async #named(path: string): Promise<NamedBase | undefined> {
    try {
      const [top] = (await this.#client.info({ path })).layers
      if (top?.backingName === undefined) return undefined
      return { path, name: top.backingName, format: top.backingFormat ?? this.info.format }
    } catch {
      return undefined // it stays among those that break, which the person is shown
    }
  }

  /** Whether an image's way down to the disk leads through an overlay that is told. */
  #reachesTold(path: string): boolean {
    const way = this.#dependants.find((dependant) => dependant.path === path)?.chain ?? []
    return this.told.some((overlay) => way.includes(overlay.path))
  }
}
