import type { Dirent } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isImage, namesImage } from './recognise-image.ts'

/** Names in a folder that are looked at; one with more is no place where disks are kept. */
const MAX_ENTRIES = 20_000

export interface FolderScan {
  /** the images directly in the folder, by name */
  images: string[]
  /** there are more than were asked for, or than are looked at */
  more: boolean
}

/** Looks for the images of folders; what a file that did not change is, it knows from the last time. */
export class FolderScanner {
  readonly #known = new Map<string, { stamp: string; image: boolean }>()

  /** The images directly in a folder, at most `most`; undefined where the folder is gone or closed to Strata. Links are left out. */
  async scan(folder: string, most: number): Promise<FolderScan | undefined> {
    const names: string[] = []
    let seen = 0
    try {
      for await (const entry of await opendir(folder)) {
        if (++seen > MAX_ENTRIES) break
        if (mayHoldImage(entry)) names.push(entry.name)
      }
    } catch {
      return undefined
    }
    names.sort()
    const images: string[] = []
    for (const name of names) {
      const path = join(folder, name)
      if (!(await this.#isImage(path))) continue
      if (images.length === most) return { images, more: true }
      images.push(path)
    }
    return { images, more: seen > MAX_ENTRIES }
  }

  async #isImage(path: string): Promise<boolean> {
    const facts = await stat(path).catch(() => undefined)
    if (!facts) return false
    const stamp = `${facts.ino} ${facts.size} ${facts.mtimeMs}`
    const known = this.#known.get(path)
    if (known?.stamp === stamp) return known.image
    const image = await isImage(path)
    this.#known.set(path, { stamp, image })
    return image
  }
}

function mayHoldImage(entry: Dirent): boolean {
  return entry.isFile() && namesImage(entry.name)
}
