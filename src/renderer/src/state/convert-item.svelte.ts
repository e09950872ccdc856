import type { Client, WindowApi } from '../../../shared/api.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { ChainInfo, FormatName, SnapshotInfo } from '../../../shared/model.ts'
import type { ConvertRequest, Estimate } from '../../../shared/requests.ts'
import { baseName, folderOf, joinPath, stem } from '../lib/paths.ts'
import { fileNamePart, snapshotName } from '../lib/snapshots.ts'

/** What of a conversion is the same for all its files. */
export interface ConvertTerms {
  target: Pick<ConvertRequest['target'], 'compress' | 'qcow2'>
  /** the new image stands on what the source stands on */
  keepBacking: boolean
  verify: boolean
  replaceSource: boolean
}

/** One file of a conversion while the person describes it: where it goes, as what, and what that costs. */
export class ConvertItem {
  readonly source: ChainInfo
  /** the snapshot that is converted, where it is not the disk as it is */
  readonly snapshot: SnapshotInfo | undefined
  readonly #separator: string
  #format = $state<FormatName>('qcow2')
  target = $state('')
  #agreed = $state<string | undefined>(undefined)
  #estimate = $state.raw<Estimate | undefined>(undefined)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #estimating = $state(false)
  /** images that stand on the source, once the source shall go; undefined until that is known */
  #standing = $state.raw<readonly string[] | undefined>(undefined)
  #turn = 0
  /** what was asked about last */
  #asked: string | undefined

  /** Fills in a target that suits the source, beside it: the other format, or for a snapshot the same. */
  constructor(source: ChainInfo, snapshot: SnapshotInfo | undefined, separator: string) {
    this.source = source
    this.snapshot = snapshot
    this.#separator = separator
    this.#format = this.info.format === 'qcow2' && !snapshot ? 'raw' : 'qcow2'
    const { path } = this.info
    const name = stem(baseName(path)) + (snapshot ? `-${fileNamePart(snapshotName(snapshot))}` : '')
    this.target = this.#beside(path, `${name}.${this.#format}`)
    this.#avoidSource()
  }

  get info(): ChainInfo['layers'][number] {
    const [top] = this.source.layers
    if (!top) throw new Error('a chain has no top')
    return top
  }

  /** Whether the disk that is read needs a passphrase. */
  get encrypted(): boolean {
    return this.info.encrypted
  }

  /** Whether the terminal can do the same: it opens a disk with a passphrase, and no disk below that. */
  get hasCommand(): boolean {
    return this.source.layers.every(({ encrypted }, depth) => depth === 0 || !encrypted)
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

  /** Moves the target to a folder, under its name. */
  moveTo(folder: string): void {
    this.target = joinPath(folder, baseName(this.target), this.#separator)
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

  get standing(): readonly string[] | undefined {
    return this.#standing
  }

  /** Whether the target is the source itself: only what replaces it may be. */
  readonly takesPlace = $derived(this.target.trim() === this.info.path)
  readonly targetExists = $derived(!this.takesPlace && (this.#estimate?.targetExists ?? false))

  /** Whether nothing of this file hinders its conversion on these terms. */
  ready(terms: ConvertTerms): boolean {
    if (this.target.trim() === '' || this.#error !== undefined || (this.targetExists && !this.replace)) return false
    return terms.replaceSource ? this.#standing?.length === 0 : !this.takesPlace
  }

  request(terms: ConvertTerms): ConvertRequest | undefined {
    const path = this.target.trim()
    if (path === '') return undefined
    const { info } = this
    const below = terms.keepBacking && this.#format === 'qcow2' ? this.source.layers[1] : undefined
    return {
      source: { path: info.path, format: info.format, ...(this.snapshot && { snapshot: this.snapshot.id }) },
      target: {
        path,
        format: this.#format,
        ...(this.#format === 'qcow2' && terms.target),
        ...(below && { backing: { name: below.path, format: below.format } }),
      },
      overwrite: this.replace && this.targetExists,
      ...(terms.verify && { verify: true }),
      ...(terms.replaceSource && { replaceSource: true }),
    }
  }

  /** Asks what the conversion on these terms would cost, and who would miss the source; an answer that comes too late is dropped. */
  async measure(client: Client<WindowApi>, terms: ConvertTerms): Promise<void> {
    const request = this.request(terms)
    const asked = JSON.stringify(request)
    // What another file of the same sheet is called says nothing new about this one.
    if (asked === this.#asked && this.#error === undefined) return
    const turn = ++this.#turn
    this.#asked = asked
    if (!request) return
    this.#estimating = true
    try {
      const [estimate, standing] = await Promise.all([client.estimate(request), terms.replaceSource ? this.#whoStands(client) : undefined])
      if (turn !== this.#turn) return
      this.#estimate = estimate
      this.#standing = standing
      this.#error = undefined
    } catch (error) {
      if (turn !== this.#turn) return
      this.#estimate = undefined
      this.#error = toErrorDto(error)
    } finally {
      if (turn === this.#turn) this.#estimating = false
    }
  }

  /** What went wrong when the job was to start. */
  fail(error: unknown): void {
    this.#error = toErrorDto(error)
  }

  async #whoStands(client: Client<WindowApi>): Promise<string[]> {
    const { dependants } = await client.dependants({ path: this.info.path })
    return dependants.filter(({ broken }) => broken === undefined).map(({ path }) => path)
  }

  #avoidSource(): void {
    const { path } = this.info
    if (path !== this.target) return
    const name = baseName(path)
    this.target = this.#beside(path, `${stem(name)}-copy${name.slice(stem(name).length)}`)
  }

  #beside(path: string, name: string): string {
    return joinPath(folderOf(path), name, this.#separator)
  }
}
