import type { Client, DiscardRequest, LibraryEntry, MoveRequest, WindowApi } from '../../../shared/api.ts'
import { chainForest, filterForest } from '../lib/chain-tree.ts'
import { PLAIN_VIEW, viewForest, type LibraryView, type SortKey } from '../lib/library-view.ts'
import type { Host } from '../api.ts'

/** The images that the host remembers, as a list and as a forest of backing chains. */
export class Library {
  readonly #client: Client<WindowApi>
  #entries = $state.raw<LibraryEntry[]>([])
  #loaded = $state(false)

  /** what the person typed into the search field */
  query = $state('')
  /** how the table is sorted and filtered; kept while the window is open */
  view = $state.raw<LibraryView>(PLAIN_VIEW)
  readonly forest = $derived(chainForest(this.#entries))
  readonly found = $derived(filterForest(this.forest, this.query))

  /** what the table shows: found, filtered and in order */
  readonly shown = $derived(viewForest(this.found, this.view))

  constructor(host: Host) {
    this.#client = host.client
    host.on('library', (entries) => this.#take(entries))
  }

  get entries(): readonly LibraryEntry[] {
    return this.#entries
  }

  /** false until the host has answered for the first time */
  get loaded(): boolean {
    return this.#loaded
  }

  entry(path: string): LibraryEntry | undefined {
    return this.#entries.find((entry) => entry.path === path)
  }

  /** Sorts the table by a column, or turns the order round where it is sorted so. */
  sortBy(sort: SortKey): void {
    this.view = { ...this.view, sort, down: this.view.sort === sort && !this.view.down }
  }

  async load(): Promise<void> {
    this.#take(await this.#client.library({}))
  }

  async add(paths: string[]): Promise<void> {
    this.#take(await this.#client.addToLibrary({ paths }))
  }

  /** Forgets an image; its file stays. */
  async remove(path: string): Promise<void> {
    this.#take(await this.#client.removeFromLibrary({ path }))
  }

  /** Says where a missing image is now. */
  async relocate(path: string, to: string): Promise<void> {
    this.#take(await this.#client.relocate({ path, to }))
  }

  /** Renames an image's file; throws what the host says. */
  async move(request: MoveRequest): Promise<void> {
    this.#take(await this.#client.moveImage(request))
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
