import { createContext } from 'svelte'
import { SvelteSet } from 'svelte/reactivity'
import type { Host } from '../api.ts'
import type { CommandName } from '../../../shared/commands.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo, SnapshotInfo } from '../../../shared/model.ts'
import { chainFrom } from '../lib/chain-tree.ts'
import { baseName } from '../lib/paths.ts'
import { holdsSnapshots } from '../lib/snapshots.ts'
import { words } from '../words/en.ts'
import { CompactDraft } from './compact-draft.svelte.ts'
import { CompareDraft } from './compare-draft.svelte.ts'
import { Connection } from './connection.svelte.ts'
import { ContextMenu } from './context-menu.svelte.ts'
import { ConvertDraft } from './convert-draft.svelte.ts'
import { CreateDraft } from './create-draft.svelte.ts'
import { Dependants } from './dependants.svelte.ts'
import { DiskMap } from './disk-map.svelte.ts'
import { DuplicateDraft } from './duplicate-draft.svelte.ts'
import { DropTarget } from './drop-target.svelte.ts'
import { Files } from './files.svelte.ts'
import { Folder } from './folder.svelte.ts'
import { ImageFileDraft } from './image-file-draft.svelte.ts'
import { JobEnds } from './job-ends.svelte.ts'
import { JobNotices } from './job-notices.ts'
import { Jobs } from './jobs.svelte.ts'
import { KeyDraft, type KeyAsk } from './key-draft.svelte.ts'
import { Keys } from './keys.svelte.ts'
import { LayerDraft, type LayerAsk } from './layer-draft.svelte.ts'
import { LayerShares } from './layer-shares.svelte.ts'
import { Library } from './library.svelte.ts'
import { Navigation } from './navigation.svelte.ts'
import { OpenDisk } from './open-disk.svelte.ts'
import { RebaseDraft } from './rebase-draft.svelte.ts'
import { RepairPathDraft } from './repair-path-draft.svelte.ts'
import { ResizeDraft } from './resize-draft.svelte.ts'
import { Settings } from './settings.svelte.ts'
import { SnapshotComparison } from './snapshot-comparison.svelte.ts'
import { SnapshotDraft, type SnapshotAsk } from './snapshot-draft.svelte.ts'
import { SnapshotSpaces } from './snapshot-spaces.svelte.ts'
import { Undo } from './undo.svelte.ts'

/** Everything the window knows and can do, for its views. */
export class Strata {
  readonly #host: Host
  readonly connection: Connection
  readonly settings: Settings
  readonly library: Library
  readonly jobs: Jobs
  readonly keys: Keys
  readonly navigation = new Navigation()
  readonly contextMenu = new ContextMenu()
  readonly undo = new Undo()
  readonly jobEnds = new JobEnds()
  readonly files: Files
  readonly dropTarget: DropTarget
  #now = $state(Date.now())
  #trouble = $state.raw<ErrorDto | undefined>(undefined)
  /** damaged files of Strata's own that it kept aside, as long as nobody has read of it */
  #keptAside = $state.raw<readonly string[]>([])
  readonly #read = new SvelteSet<string>()
  readonly keptAside = $derived(this.#keptAside.filter((file) => !this.#read.has(file)))

  constructor(host: Host) {
    this.#host = host
    this.connection = new Connection(host)
    this.settings = new Settings(host)
    this.library = new Library(host, this.settings, this.undo)
    this.jobs = new Jobs(host)
    this.keys = new Keys(host)
    const notices = new JobNotices(host.client, this.settings)
    this.jobs.onEnd((job) => this.attempt(notices.tell(job)))
    this.jobs.onEnd((job) => this.jobEnds.take(job))
    this.files = new Files(host, this.settings)
    this.dropTarget = new DropTarget(host, this.files, this.library, this.navigation)
    host.on('open', (paths) => this.attempt(this.look(paths)))
    host.onLink((up) => {
      if (up) this.attempt(this.load())
    })
  }

  /** the time that relative dates are told from; moves twice a minute */
  get now(): number {
    return this.#now
  }

  /** what went wrong with the last thing that has no place of its own to say so */
  get trouble(): ErrorDto | undefined {
    return this.#trouble
  }

  /** Calls back with what the person chooses in a menu outside of the page. */
  onCommand(listener: (name: CommandName) => void): void {
    this.#host.on('command', listener)
  }

  async load(): Promise<void> {
    await Promise.all([this.settings.load(), this.library.load(), this.jobs.load(), this.keys.load()])
    this.#keptAside = await this.#host.client.keptAside({})
  }

  /** Shows what changed outside of Strata while the person was elsewhere. */
  lookAgain(): void {
    if (this.connection.up) this.attempt(this.library.lookAgain())
  }

  /** Takes back what the person did last to the library, and shows the disk under its old name if it is on the page. */
  async undoLast(): Promise<void> {
    const renamed = (await this.undo.takeBack())?.renamed
    if (renamed && this.navigation.shown === renamed.to) this.navigation.toDisk(renamed.from)
  }

  /** Keeps relative dates moving; answers how to stop. */
  watchClock(): () => void {
    const timer = setInterval(() => (this.#now = Date.now()), 30_000)
    return () => clearInterval(timer)
  }

  /** Lets something run on its own and shows its error, if it meets one, at the top of the page. */
  attempt(work: Promise<unknown>): void {
    work.catch((error: unknown) => (this.#trouble = toErrorDto(error)))
  }

  dismissKeptAside(file: string): void {
    this.#read.add(file)
  }

  dismissTrouble(): void {
    this.#trouble = undefined
  }

  /** Asks for an image, keeps it in the library and shows it. */
  async open(): Promise<void> {
    const path = await this.files.pickFile(words.files.openTitle)
    if (path !== undefined) await this.look([path])
  }

  /** Asks for a folder, and keeps its images in the library from now on. */
  async watchFolder(): Promise<void> {
    const title = words.library.watchTitle
    const path = this.settings.facts.kind === 'desktop' ? undefined : await this.files.pickFolder(title)
    if (path !== undefined) await this.library.watch({ path })
    else if (this.settings.facts.kind === 'desktop') await this.library.watch({ title })
  }

  /** Keeps images in the library and shows the first. */
  async look(paths: string[]): Promise<void> {
    const [first] = paths
    if (first === undefined) return
    await this.library.add(paths)
    this.navigation.toDisk(first)
  }

  async check(disk: DiskInfo): Promise<void> {
    await this.jobs.start({ kind: 'check', request: { path: disk.path, format: disk.format } })
  }

  /** Asks for a name for a snapshot of the disk that is shown, if that can hold one. */
  askSnapshot(): void {
    const path = this.navigation.shown
    const disk = path === undefined ? undefined : chainFrom(this.library.entries, path)?.layers[0]
    if (disk && holdsSnapshots(disk)) this.navigation.openSheet({ is: 'snapshot', disk, ask: { do: 'create' } })
  }

  async dragOut(path: string): Promise<void> {
    this.dropTarget.ignoreOwn()
    await this.#host.client.dragOut({ path })
  }

  async showInFolder(path: string): Promise<void> {
    await this.#host.client.showInFolder({ path })
  }

  disk(path: string): OpenDisk {
    return new OpenDisk(path, this.#host.client, this.library)
  }

  folder(): Folder {
    return new Folder(this.#host.client)
  }

  createDraft(): CreateDraft {
    return new CreateDraft(this.#host.client, this.jobs, this.settings.facts.separator)
  }

  convertDraft(): ConvertDraft {
    return new ConvertDraft(this.#host.client, this.jobs, this.settings.facts.separator)
  }

  compactDraft(disk: DiskInfo): CompactDraft {
    return new CompactDraft(disk, this.jobs)
  }

  imageFileDraft(disk: DiskInfo): ImageFileDraft {
    const { library, files, settings } = this
    return new ImageFileDraft(disk, { client: this.#host.client, library, files, separator: settings.facts.separator })
  }

  duplicateDraft(disk: DiskInfo): DuplicateDraft {
    const { jobs, files, settings } = this
    return new DuplicateDraft(disk, { client: this.#host.client, jobs, files, separator: settings.facts.separator })
  }

  /** Asks where a missing image is now, and shows it there. */
  async pointAt(path: string): Promise<void> {
    const to = await this.files.pickFile(words.imageFile.pointTitle(baseName(path)))
    if (to === undefined) return
    await this.library.relocate(path, to)
    this.navigation.toDisk(to)
  }

  dependants(path: string): Dependants {
    return new Dependants(path, this.#host.client)
  }

  layerShares(): LayerShares {
    return new LayerShares(this.#host.client)
  }

  resizeDraft(disk: DiskInfo): ResizeDraft {
    return new ResizeDraft(disk, this.#host.client, this.jobs)
  }

  repairPathDraft(path: string): RepairPathDraft {
    return new RepairPathDraft(path, this.#host.client, this.jobs)
  }

  layerDraft(disk: DiskInfo, ask: LayerAsk): LayerDraft {
    return new LayerDraft(disk, ask, this.#host.client, this.jobs, this.library)
  }

  snapshotDraft(disk: DiskInfo, ask: SnapshotAsk): SnapshotDraft {
    return new SnapshotDraft(disk, ask, this.#host.client, this.jobs)
  }

  rebaseDraft(disk: DiskInfo): RebaseDraft {
    return new RebaseDraft(disk, this.#host.client, this.jobs)
  }

  compareDraft(disk: DiskInfo): CompareDraft {
    return new CompareDraft(disk, this.#host.client, this.jobs)
  }

  diskMap(disk: DiskInfo, first?: number): DiskMap {
    return new DiskMap(disk, this.#host.client, first)
  }

  keyDraft(disk: DiskInfo, ask: KeyAsk): KeyDraft {
    return new KeyDraft(disk, ask, this.#host.client, this.jobs)
  }

  snapshotComparison(disk: DiskInfo, since: SnapshotInfo): SnapshotComparison {
    return new SnapshotComparison(disk, since, this.#host.client)
  }

  snapshotSpaces(): SnapshotSpaces {
    return new SnapshotSpaces(this.#host.client)
  }
}

export const [getStrata, setStrata] = createContext<Strata>()
