import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import * as v from 'valibot'
import { errnoOf, fileError } from './file-error.ts'

/**
 * A value kept as JSON in a file. Writing replaces the file in one step. A file that does not hold the value is moved aside, as
 * `name.damaged-<time>.json`, and the fallback takes its place: nothing that a person had is thrown away. Throws what
 * `fileError` makes of the system's errors.
 */
export class JsonFile<T> {
  readonly path: string
  readonly #schema: v.GenericSchema<unknown, T>
  readonly #fallback: () => T
  #keptAside: string | undefined

  constructor(path: string, schema: v.GenericSchema<unknown, T>, fallback: () => T) {
    this.path = path
    this.#schema = schema
    this.#fallback = fallback
  }

  /** Where the last damaged file was moved to, if this one met any. */
  get keptAside(): string | undefined {
    return this.#keptAside
  }

  /** Reads the file anew, as another Strata may have written it. */
  read(): T {
    let text: string
    try {
      text = readFileSync(this.path, 'utf8')
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return this.#fallback()
      throw fileError(error, this.path, "Strata's own file could not be read")
    }
    const parsed = v.safeParse(this.#schema, parseJson(text))
    if (parsed.success) return parsed.output
    this.#setAside()
    return this.#fallback()
  }

  write(value: T): void {
    const draft = `${this.path}.${process.pid}.tmp`
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
      writeDurably(draft, JSON.stringify(value, null, 2) + '\n')
      renameSync(draft, this.path)
    } catch (error) {
      if (existsSync(draft)) rmSync(draft)
      throw fileError(error, this.path, "Strata's own file could not be written")
    }
  }

  #setAside(): void {
    const ending = extname(this.path)
    const time = new Date().toISOString().replaceAll(':', '-')
    const kept = `${this.path.slice(0, -ending.length)}.damaged-${time}${ending}`
    renameSync(this.path, kept)
    this.#keptAside = kept
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** What the text says, or undefined where it is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
