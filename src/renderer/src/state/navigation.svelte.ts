import type { DiskInfo, SnapshotInfo } from '../../../shared/model.ts'
import type { KeyAsk } from './key-draft.svelte.ts'
import type { LayerAsk } from './layer-draft.svelte.ts'
import type { SnapshotAsk } from './snapshot-draft.svelte.ts'

export type DiskTab = 'overview' | 'layers' | 'snapshots' | 'map' | 'health' | 'security'
/** `offset`: what the map shows first, in guest bytes */
export type Page = { at: 'library' } | { at: 'disk'; path: string; tab: DiskTab; offset?: number }
export type Sheet =
  | { is: 'palette' }
  | { is: 'shortcuts' }
  | { is: 'create'; backing?: string }
  | { is: 'convert'; sources?: readonly string[]; snapshot?: SnapshotInfo }
  | { is: 'resize'; disk: DiskInfo }
  | { is: 'repairPath'; path: string }
  | { is: 'layer'; disk: DiskInfo; ask: LayerAsk }
  | { is: 'compare'; disk: DiskInfo }
  /** `onto`: the path of the new base, where it is known already */
  | { is: 'rebase'; disk: DiskInfo; onto?: string }
  | { is: 'snapshot'; disk: DiskInfo; ask: SnapshotAsk }
  | { is: 'compare-snapshot'; disk: DiskInfo; snapshot: SnapshotInfo }
  | { is: 'compact'; disk: DiskInfo }
  | { is: 'rename' | 'duplicate' | 'discard'; disk: DiskInfo }
  | { is: 'keys'; disk: DiskInfo; ask: KeyAsk }
  | { is: 'settings' }
  | { is: 'about' }

/** Which page is shown, and which sheet lies over it. */
export class Navigation {
  #page = $state.raw<Page>({ at: 'library' })
  #sheet = $state.raw<Sheet | undefined>(undefined)
  /** whether the side list is unfolded in a narrow window */
  listOpen = $state(false)

  get page(): Page {
    return this.#page
  }

  get sheet(): Sheet | undefined {
    return this.#sheet
  }

  /** the disk that is shown, if one is */
  get shown(): string | undefined {
    return this.#page.at === 'disk' ? this.#page.path : undefined
  }

  toLibrary(): void {
    this.#page = { at: 'library' }
    this.listOpen = false
  }

  toDisk(path: string, tab: DiskTab = 'overview'): void {
    this.#page = { at: 'disk', path, tab }
    this.listOpen = false
  }

  /** Shows a place of a disk on its map; the offset is in guest bytes. */
  toMap(path: string, offset: number): void {
    this.#page = { at: 'disk', path, tab: 'map', offset }
    this.listOpen = false
  }

  toTab(tab: DiskTab): void {
    if (this.#page.at === 'disk') this.#page = { at: 'disk', path: this.#page.path, tab }
  }

  openSheet(sheet: Sheet): void {
    this.#sheet = sheet
  }

  closeSheet(): void {
    this.#sheet = undefined
  }
}
