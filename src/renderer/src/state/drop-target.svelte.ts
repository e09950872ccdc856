import type { Host } from '../api.ts'
import { StrataError } from '../../../shared/errors.ts'
import { words } from '../words/en.ts'
import type { Files } from './files.svelte.ts'
import type { Library } from './library.svelte.ts'
import type { Navigation } from './navigation.svelte.ts'

/** What of a host tells where a dropped file lies. */
type DropHost = Pick<Host, 'pathForFile'> & { client: Pick<Host['client'], 'imagesIn' | 'findDropped'> }

export type DropPlace = 'look' | 'convert' | 'overlay'

/** A drag of files over the window: shows what a drop would do, and does it. */
export class DropTarget {
  readonly #host: DropHost
  readonly #files: Pick<Files, 'pickFile' | 'pickFolder'>
  readonly #library: Pick<Library, 'add'>
  readonly #navigation: Navigation
  /** what hangs over the window came out of it */
  #own = false
  #files_over = $state(0)
  #searching = $state(false)
  /** the place under the pointer */
  place = $state<DropPlace | undefined>(undefined)

  constructor(host: DropHost, files: Pick<Files, 'pickFile' | 'pickFolder'>, library: Pick<Library, 'add'>, navigation: Navigation) {
    this.#host = host
    this.#files = files
    this.#library = library
    this.#navigation = navigation
  }

  /** how many files hang over the window; 0 when none do */
  get over(): number {
    return this.#files_over
  }

  get searching(): boolean {
    return this.#searching
  }

  /** A disk is dragged out of this window: until that drag has ended it finds no targets here. */
  ignoreOwn(): void {
    this.#own = true
  }

  /** The pointer moves by itself, which it does not while it drags. What is shown of a drag then missed its end. */
  pointed({ buttons }: PointerEvent): void {
    if (buttons !== 0) return
    this.#own = false
    if (this.#files_over > 0) this.#reset()
  }

  enter(event: DragEvent): void {
    if (!holdsFiles(event) || this.#own) return
    event.preventDefault()
    this.#files_over = Math.max(1, event.dataTransfer?.items.length ?? 1)
  }

  hover(event: DragEvent): void {
    if (!holdsFiles(event) || this.#own) return
    event.preventDefault()
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy'
  }

  leave(event: DragEvent): void {
    if (!holdsFiles(event) || this.#own) return
    // From one element to the next it still hangs over the window; to nothing, it left, or was cancelled.
    if (event.relatedTarget === null) this.#reset()
  }

  async drop(event: DragEvent): Promise<void> {
    if (!holdsFiles(event)) return
    event.preventDefault()
    if (this.#own) return
    const files = [...(event.dataTransfer?.items ?? [])].flatMap((item) => {
      const file = item.getAsFile()
      return file ? [{ file, folder: item.webkitGetAsEntry()?.isDirectory ?? false }] : []
    })
    const place = this.place ?? 'look'
    const under = this.#navigation.sheet
    this.#reset()
    const paths = await this.#pathsOf(files)
    const [first] = paths
    if (first === undefined) return
    if (place === 'convert') {
      this.#navigation.openSheet({ is: 'convert', sources: paths })
      return
    }
    if (place === 'overlay') {
      // A folder was one thing that hung over the window, and is as many disks as lie in it.
      if (paths.length > 1) throw new StrataError('INVALID_ARGUMENT', words.drop.oneBase, {}, words.drop.oneBaseHint)
      this.#navigation.openSheet({ is: 'create', backing: first })
      return
    }
    // Where a file lies can take a while to find: a sheet that was opened meanwhile stays.
    if (this.#navigation.sheet === under) this.#navigation.closeSheet()
    this.#navigation.toDisk(first)
    await this.#library.add(paths)
  }

  #reset(): void {
    this.#files_over = 0
    this.place = undefined
  }

  /** Where the dropped files lie; of a folder, the images in it. */
  async #pathsOf(files: readonly { file: File; folder: boolean }[]): Promise<string[]> {
    const paths: string[] = []
    this.#searching = true
    try {
      for (const { file, folder } of files) {
        const own = this.#host.pathForFile(file)
        const path = own ?? (await (folder ? this.#findFolder(file.name) : this.#find(file)))
        if (path === undefined) continue
        // The desktop's host knows what is a folder.
        const found = own !== null || folder ? (await this.#host.client.imagesIn({ path })).paths : [path]
        if (found.length === 0) throw new StrataError('NOT_FOUND', words.convert.emptyFolder, { path })
        paths.push(...found)
      }
    } finally {
      this.#searching = false
    }
    return paths
  }

  #findFolder(name: string): Promise<string | undefined> {
    this.#searching = false
    return this.#files.pickFolder(words.files.folderTitle, words.drop.whichFolder(name))
  }

  /** A browser hides the path; the host looks for the file, and the person is asked where it can't tell. */
  async #find(file: File): Promise<string | undefined> {
    const found = await this.#host.client.findDropped({ name: file.name, size: file.size, modified: file.lastModified })
    if (found.length === 1) return found[0]
    this.#searching = false
    const reason = found.length === 0 ? words.drop.notFound(file.name) : words.drop.several(file.name)
    return this.#files.pickFile(words.files.openTitle, { reason, ...(found.length > 1 && { name: file.name }) })
  }
}

function holdsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false
}
