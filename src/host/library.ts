import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import type { LibraryEntry } from '../shared/api.ts'
import { toErrorDto } from '../shared/errors.ts'
import type { CheckReport } from '../shared/model.ts'
import type { GateRule } from '../engine/index.ts'
import type { EngineHost } from './engine-host.ts'
import { JsonFile } from './json-file.ts'
import { KnownChains } from './known-chains.ts'

const time = v.pipe(v.number(), v.safeInteger())
const path = v.pipe(v.string(), v.minLength(1))
const KeptSchema = v.object({
  images: v.array(
    v.object({
      path,
      added: time,
      /** it came by its folder, and goes with its file */
      watched: v.exactOptional(v.literal(true)),
      health: v.exactOptional(v.object({ verdict: v.picklist(['fine', 'leaks', 'corrupt']), at: time })),
    }),
  ),
  folders: v.exactOptional(v.array(path)),
  /** images in watched folders that the person does not want to see */
  hidden: v.exactOptional(v.array(path)),
})
type Kept = v.InferOutput<typeof KeptSchema>
type KeptImage = Kept['images'][number]

/** Questions of the list that wait at the engine at a time: between them, it answers the person. */
const ASKED_AT_ONCE = 16

/**
 * The images that a person has opened or made and the folders that are watched, kept as `library.json` in the data folder. Paths are canonical;
 * grants are the caller's.
 */
export class Library {
  readonly #file: JsonFile<Kept>
  readonly #engine: Pick<EngineHost, 'query'>
  readonly #chains = new KnownChains()
  /** what was forgotten since the program began, for the person who wants it back */
  readonly #forgotten = new Map<string, KeptImage>()

  constructor(folder: string, engine: Pick<EngineHost, 'query'>) {
    this.#file = new JsonFile<Kept>(join(folder, 'library.json'), KeptSchema, () => ({ images: [] }))
    this.#engine = engine
  }

  /** Where a damaged library was kept, if there was one. */
  get keptAside(): string | undefined {
    return this.#file.keptAside
  }

  paths(): string[] {
    return this.#file.read().images.map((image) => image.path)
  }

  /** The watched folders, in the order in which they were added. */
  folders(): string[] {
    return this.#file.read().folders ?? []
  }

  /** What the library remembers, with what the files say now: a missing or broken image is an entry too. */
  async list(gate: GateRule): Promise<LibraryEntry[]> {
    const { images } = this.#file.read()
    const entries: LibraryEntry[] = []
    for (let at = 0; at < images.length; at += ASKED_AT_ONCE)
      entries.push(...(await Promise.all(images.slice(at, at + ASKED_AT_ONCE).map((image) => this.#look(image, gate)))))
    this.#chains.keepOnly(images.map((image) => image.path))
    return entries
  }

  /** Remembers images that the person named; what is known of them stays. */
  add(paths: readonly string[]): void {
    const asked = new Set(paths)
    this.#change((kept) => {
      const known = new Set(kept.images.map((image) => image.path))
      const fresh = [...asked].filter((path) => !known.has(path))
      return {
        ...kept,
        images: [
          ...kept.images.map((image) => (asked.has(image.path) ? ofItself(image) : image)),
          ...fresh.map((path) => ofItself(this.#forgotten.get(path) ?? { path, added: Date.now() })),
        ],
        ...(kept.hidden && { hidden: kept.hidden.filter((path) => !asked.has(path)) }),
      }
    })
  }

  /** Forgets an image; the file stays. One in a watched folder is not shown again until it is added. */
  remove(path: string): void {
    this.#change((kept) => {
      const image = kept.images.find((candidate) => candidate.path === path)
      if (image) this.#forgotten.set(path, image)
      const hide = (kept.folders ?? []).includes(dirname(path)) && existsSync(path)
      return {
        ...kept,
        images: kept.images.filter((candidate) => candidate !== image),
        ...(hide && { hidden: [...new Set([...(kept.hidden ?? []), path])] }),
      }
    })
  }

  watch(folder: string): void {
    this.#change((kept) => ({ ...kept, folders: [...new Set([...(kept.folders ?? []), folder])] }))
  }

  /** Forgets a folder and what came by it; images that the person named stay. */
  unwatch(folder: string): void {
    for (const image of this.#file.read().images)
      if (image.watched && dirname(image.path) === folder) this.#forgotten.set(image.path, image)
    this.#change((kept) => ({
      images: kept.images.filter(({ path, watched }) => !(watched && dirname(path) === folder)),
      folders: (kept.folders ?? []).filter((path) => path !== folder),
      hidden: (kept.hidden ?? []).filter((path) => dirname(path) !== folder),
    }))
  }

  /** Takes over the images that a look into a watched folder found. What came by it before and is there no more is forgotten. */
  found(folder: string, paths: readonly string[]): void {
    const kept = this.#file.read()
    const there = new Set(paths)
    const known = new Set([...kept.images.map((image) => image.path), ...(kept.hidden ?? [])])
    const stays = kept.images.filter(({ path, watched }) => !(watched && dirname(path) === folder) || there.has(path))
    const fresh = paths.filter((path) => !known.has(path))
    if (fresh.length === 0 && stays.length === kept.images.length) return
    const came = fresh.map((path) => ({ ...(this.#forgotten.get(path) ?? { path, added: Date.now() }), watched: true as const }))
    this.#file.write({ ...kept, images: [...stays, ...came] })
  }

  /** Says where an image is now; what is known of it stays, and takes the place of what was known of a file there. */
  move(from: string, to: string): void {
    this.#changeImages((images) =>
      images
        .filter(({ path }) => path !== to || !images.some((image) => image.path === from))
        .map((image) => (image.path !== from ? image : { ...(dirname(to) === dirname(from) ? image : ofItself(image)), path: to })),
    )
  }

  /** Keeps a check's verdict with an image, if the library knows it. */
  recordCheck(path: string, report: CheckReport): void {
    const verdict = report.corruptions + report.checkErrors > 0 ? 'corrupt' : report.leaks > 0 ? 'leaks' : 'fine'
    this.#changeImages((images) => images.map((image) => (image.path === path ? { ...image, health: { verdict, at: Date.now() } } : image)))
  }

  /** Forgets the verdict of an image that is no longer the one that was checked. */
  forgetCheck(path: string): void {
    this.#changeImages((images) => images.map(({ health, ...image }) => (health && image.path !== path ? { ...image, health } : image)))
  }

  #changeImages(by: (images: KeptImage[]) => KeptImage[]): void {
    this.#change((kept) => ({ ...kept, images: by(kept.images) }))
  }

  #change(by: (kept: Kept) => Kept): void {
    this.#file.write(by(this.#file.read()))
  }

  async #look({ watched: _, ...image }: KeptImage, gate: GateRule): Promise<LibraryEntry> {
    const { path } = image
    if (!existsSync(path)) return { ...image, present: false }
    try {
      return { ...image, present: true, chain: await this.#chains.of(path, () => this.#engine.query('info', { path }, gate)) }
    } catch (error) {
      return { ...image, present: true, error: toErrorDto(error) }
    }
  }
}

/** The image as one that the person named, which stays when its file goes. */
function ofItself({ watched: _, ...image }: KeptImage): KeptImage {
  return image
}
