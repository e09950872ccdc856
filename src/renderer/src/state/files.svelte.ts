import type { Client, FileFilter, FolderImages, WindowApi } from '../../../shared/api.ts'
import type { Host } from '../api.ts'
import { words } from '../words/en.ts'
import { baseName, folderOf } from '../lib/paths.ts'
import type { Settings } from './settings.svelte.ts'

const FILTERS: FileFilter[] = [
  { name: words.files.filters.images, extensions: ['qcow2', 'qcow', 'img', 'raw', 'iso', 'bin', 'dd'] },
  { name: words.files.filters.all, extensions: ['*'] },
]

/** What the browser's file picker is asked for. */
export interface PickRequest {
  want: 'file' | 'files' | 'target' | 'folder'
  title: string
  /** a sentence that says why the picker opened by itself */
  reason?: string | undefined
  /** the folder to start in */
  folder?: string | undefined
  /** a file name to start with: the suggestion for a target, the filter for a dropped file */
  name?: string | undefined
  /** one path, or several where files were wanted; undefined when the person cancels */
  answer: (...paths: (string | undefined)[]) => void
}

/** A place for a new file. */
export interface Target {
  path: string
  /** the person has already agreed that a file there is replaced */
  agreed: boolean
}

/** Choosing files: the system's own dialogs in the desktop, Strata's picker in a browser, one face for both. */
export class Files {
  readonly #client: Client<WindowApi>
  readonly #settings: Settings
  #pick = $state.raw<PickRequest | undefined>(undefined)
  /** the folder used last, where the next picker starts */
  #lastFolder = $state.raw<string | undefined>(undefined)

  constructor(host: Host, settings: Settings) {
    this.#client = host.client
    this.#settings = settings
  }

  /** what the browser's picker is asked for now */
  get pick(): PickRequest | undefined {
    return this.#pick
  }

  get lastFolder(): string | undefined {
    return this.#lastFolder
  }

  /** Lets the person choose an image; undefined when they don't. */
  async pickFile(title: string, start: { reason?: string; name?: string } = {}): Promise<string | undefined> {
    if (this.#settings.facts.kind === 'desktop') {
      const [path] = await this.#client.openDialog({ title, filters: FILTERS, several: false })
      return this.#remember(path)
    }
    return this.#ask({ want: 'file', title, folder: this.#lastFolder, ...start })
  }

  /** Lets the person choose images; none when they don't. */
  async pickFiles(title: string): Promise<string[]> {
    if (this.#settings.facts.kind === 'desktop') {
      const paths = await this.#client.openDialog({ title, filters: FILTERS, several: true })
      this.#remember(paths[0])
      return paths
    }
    return this.#askFor({ want: 'files', title, folder: this.#lastFolder })
  }

  /** Lets the person choose a folder in Strata's picker; undefined when they don't. The desktop's host asks with the system's own dialog. */
  pickFolder(title: string, reason?: string): Promise<string | undefined> {
    return this.#ask({ want: 'folder', title, folder: this.#lastFolder, ...(reason !== undefined && { reason }) })
  }

  /** The images of a folder that the person chooses; undefined when they don't. */
  async pickImagesOfFolder(title: string): Promise<FolderImages | undefined> {
    if (this.#settings.facts.kind === 'desktop') return this.#client.imagesIn({ title })
    const path = await this.pickFolder(title)
    return path === undefined ? undefined : this.#client.imagesIn({ path })
  }

  /** Lets the person choose where a new file goes; undefined when they don't. The system's dialog has them agree to replace a file. */
  async pickTarget(title: string, suggestion: string): Promise<Target | undefined> {
    if (this.#settings.facts.kind === 'desktop') {
      const path = await this.#client.saveDialog({ title, suggestion, filters: FILTERS })
      return path === null ? undefined : { path: this.#remember(path), agreed: true }
    }
    const path = await this.#ask({ want: 'target', title, folder: folderOf(suggestion) || this.#lastFolder, name: baseName(suggestion) })
    return path === undefined ? undefined : { path, agreed: false }
  }

  /** The folder where a new file may go before the person has chosen one; empty where the window may write nowhere yet. */
  async startFolder(): Promise<string> {
    if (this.#lastFolder !== undefined) return this.#lastFolder
    return this.#settings.facts.kind === 'browser' ? (await this.#client.listFolder({})).path : ''
  }

  async #ask(pick: Omit<PickRequest, 'answer'>): Promise<string | undefined> {
    const [path] = await this.#askFor(pick)
    return path
  }

  #askFor(pick: Omit<PickRequest, 'answer'>): Promise<string[]> {
    this.#pick?.answer()
    return new Promise((resolve) => {
      this.#pick = {
        ...pick,
        answer: (...answers) => {
          this.#pick = undefined
          const paths = answers.filter((path) => path !== undefined)
          if (pick.want !== 'folder') this.#remember(paths[0])
          resolve(paths)
        },
      }
    })
  }

  #remember<P extends string | undefined>(path: P): P {
    if (path !== undefined) this.#lastFolder = folderOf(path)
    return path
  }
}
