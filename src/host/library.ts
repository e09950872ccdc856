import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import type { LibraryEntry } from '../shared/api.ts'
import { toErrorDto } from '../shared/errors.ts'
import type { CheckReport } from '../shared/model.ts'
import type { GateRule } from '../engine/index.ts'
import type { EngineHost } from './engine-host.ts'
import { JsonFile } from './json-file.ts'

const time = v.pipe(v.number(), v.safeInteger())
const KeptSchema = v.object({
  images: v.array(
    v.object({
      path: v.pipe(v.string(), v.minLength(1)),
      added: time,
      health: v.exactOptional(v.object({ verdict: v.picklist(['fine', 'leaks', 'corrupt']), at: time })),
    }),
  ),
})
type Kept = v.InferOutput<typeof KeptSchema>
type KeptImage = Kept['images'][number]

/** The images that a person has opened or made, kept as `library.json` in the data folder. Paths are canonical; grants are the caller's. */
export class Library {
  readonly #file: JsonFile<Kept>
  readonly #engine: Pick<EngineHost, 'query'>

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

  /** What the library remembers, with what the files say now: a missing or broken image is an entry too. */
  list(gate: GateRule): Promise<LibraryEntry[]> {
    return Promise.all(this.#file.read().images.map((image) => this.#look(image, gate)))
  }

  /** Remembers images; those it knows already stay as they are. */
  add(paths: readonly string[]): void {
    this.#change((images) => {
      const known = new Set(images.map((image) => image.path))
      const fresh = [...new Set(paths)].filter((path) => !known.has(path))
      return [...images, ...fresh.map((path) => ({ path, added: Date.now() }))]
    })
  }

  /** Forgets an image; the file stays. */
  remove(path: string): void {
    this.#change((images) => images.filter((image) => image.path !== path))
  }

  /** Says where an image is now; what is known of it stays, and takes the place of what was known of a file there. */
  move(from: string, to: string): void {
    this.#change((images) =>
      images
        .filter(({ path }) => path !== to || !images.some((image) => image.path === from))
        .map((image) => (image.path === from ? { ...image, path: to } : image)),
    )
  }

  /** Keeps a check's verdict with an image, if the library knows it. */
  recordCheck(path: string, report: CheckReport): void {
    const verdict = report.corruptions + report.checkErrors > 0 ? 'corrupt' : report.leaks > 0 ? 'leaks' : 'fine'
    this.#change((images) => images.map((image) => (image.path === path ? { ...image, health: { verdict, at: Date.now() } } : image)))
  }

  /** Forgets the verdict of an image that is no longer the one that was checked. */
  forgetCheck(path: string): void {
    this.#change((images) => images.map(({ health, ...image }) => (health && image.path !== path ? { ...image, health } : image)))
  }

  #change(by: (images: KeptImage[]) => KeptImage[]): void {
    this.#file.write({ images: by(this.#file.read().images) })
  }

  async #look(image: KeptImage, gate: GateRule): Promise<LibraryEntry> {
    const { path } = image
    if (!existsSync(path)) return { ...image, present: false }
    try {
      return { ...image, present: true, chain: await this.#engine.query('info', { path }, gate) }
    } catch (error) {
      return { ...image, present: true, error: toErrorDto(error) }
    }
  }
}
