import type { Client, DiscardRequest, LibraryEntry, MoveRequest, WatchedFolder, WindowApi } from '../../../shared/api.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import { chainForest, chainFrom, filterForest } from '../lib/chain-tree.ts'
import { groupForest } from '../lib/library-groups.ts'
import type { LibraryView, SortKey } from '../../../shared/library-view.ts'
import { viewForest } from '../lib/library-view.ts'
import type { Host } from '../api.ts'
import { baseName, folderOf } from '../lib/paths.ts'
import { words } from '../words/en.ts'
import type { Settings } from './settings.svelte.ts'
import type { Undo } from './undo.svelte.ts'

/** The images that the host remembers, as a list and as a forest of backing chains. */
export class Library {
  readonly #client: Client<WindowApi>
  readonly #undo: Pick<Undo, 'add'>
  readonly #settings: Pick<Settings, 'list' | 'setList'>
  #entries = $state.raw<LibraryEntry[]>([])
  #folders = $state.raw<WatchedFolder[]>([])
  #loaded = $state(false)

  /** what the person typed into the search field */
  query = $state('')
  readonly forest = $derived(chainForest(this.#entries))
  readonly found = $derived(filterForest(this.forest, this.query))

  /** what the table shows: found, filtered and in order */
  readonly shown = $derived.by(() => viewForest(this.found, this.view))

  /** the same by folder, for the side list and for the table */
  readonly foundGroups = $derived(groupForest(this.found, this.#folders))
  readonly shownGroups = $derived.by(() => groupForest(this.shown, this.view.grouped ? this.#folders : []))

  constructor(host: Host, settings: Pick<Settings, 'list' | 'setList'>, undo: Pick<Undo, 'add'>) {
    this.#client = host.client
    this.#settings = settings
    this.#undo = undo
    host.on('library', (entries) => this.#take(entries))
    host.on('folders', (folders) => (this.#folders = folders))
  }

  get entries(): readonly LibraryEntry[] {
    return this.#entries
  }

  /** how the table is sorted, filtered and grouped; remembered */
  get view(): LibraryView {
    return this.#settings.list
  }

  /** the watched folders */
  get folders(): readonly WatchedFolder[] {
    return this.#folders
  }

  /** false until the host has answered for the first time */
  get loaded(): boolean {
    return this.#loaded
  }

  entry(path: string): LibraryEntry | undefined {
    return this.#entries.find((entry) => entry.path === path)
  }

  /** A disk and all that it stands on, as far as the library knows. */
  layersOf(disk: DiskInfo): readonly DiskInfo[] {
    return chainFrom(this.#entries, disk.path)?.layers ?? [disk]
  }

  /** Sorts the table by a column, or turns the order round where it is sorted so. */
  sortBy(sort: SortKey): Promise<void> {
    return this.show({ sort, down: this.view.sort === sort && !this.view.down })
  }

  /** Draws the table in another way, from now on. */
  show(change: Partial<LibraryView>): Promise<void> {
    return this.#settings.setList({ ...this.view, ...change })
  }

  async load(): Promise<void> {
    const [entries, folders] = await Promise.all([this.#client.library({}), this.#client.folders({})])
    this.#folders = folders
    this.#take(entries)
  }

  /** Watches a folder; without a path (desktop only), the one that the person chooses. */
  async watch(request: { path: string } | { title: string }): Promise<void> {
    this.#folders = await this.#client.addFolder(request)
  }

  /** Forgets a folder and what came by it. */
  async unwatch(path: string): Promise<void> {
    this.#folders = await this.#client.removeFolder({ path })
    this.#undo.add({ said: words.undo.unwatched(baseName(path)), back: () => this.watch({ path }) })
  }

  /** Has the host look for what changed outside of Strata. */
  async lookAgain(): Promise<void> {
    await this.#client.lookAgain({})
  }

  async add(paths: string[]): Promise<void> {
    this.#take(await this.#client.addToLibrary({ paths }))
  }

  /** Forgets an image; its file stays. */
  async remove(path: string): Promise<void> {
    this.#take(await this.#client.removeFromLibrary({ path }))
    this.#undo.add({ said: words.undo.removed(baseName(path)), back: () => this.add([path]) })
  }

  /** Says where a missing image is now. */
  async relocate(path: string, to: string): Promise<void> {
    const replaced = this.entry(to) !== undefined
    this.#take(await this.#client.relocate({ path, to }))
    const back = async (): Promise<void> => {
      this.#take(await this.#client.relocate({ path: to, to: path }))
      if (replaced) await this.add([to])
    }
    this.#undo.add({ said: words.undo.pointed(baseName(path), to), back, renamed: { from: path, to } })
  }

  /** Renames an image's file; throws what the host says. */
  async move(request: MoveRequest): Promise<void> {
    const { path, to, overlays } = request
    this.#take(await this.#client.moveImage(request))
    const back = async (): Promise<void> => this.#take(await this.#client.moveImage({ path: to, to: path, overlays }))
    const [name, folder] = [baseName(path), folderOf(to)]
    const said = folder === folderOf(path) ? words.undo.renamed(name, baseName(to)) : words.undo.moved(name, folder)
    this.#undo.add({ said, back, renamed: { from: path, to } })
  }

  /** Away with an image's file. */
  async discard(request: DiscardRequest): Promise<void> {
    this.#take(await this.#client.discardImage(request))
  }

  #take(entries: LibraryEntry[]): void {
    this.#entries = entries
    this.#loaded = true
  }
}
