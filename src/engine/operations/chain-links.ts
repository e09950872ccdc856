import type { DiskInfo } from '../../shared/model.ts'
import { StrataError } from '../../shared/errors.ts'
import { describeLayer } from '../device/chain.ts'
import { backingPath } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { PROBE_BYTES, probeFormat } from '../formats/registry.ts'
import { type GateRule, MAX_CHAIN_DEPTH, passGate } from '../io/gate.ts'

/** What one file says of others: where its backing file and its data file lie, by their canonical names. */
export interface Link {
  info?: DiskInfo
  backing?: string
  dataFile?: string
  /** why it can't be read, or where it can't be followed */
  fault?: string
}

/** The names inside images, each image read once. What images say is not believed further than the gate allows. */
export class ChainLinks {
  readonly #platform: Platform
  readonly #gate: GateRule
  readonly #links = new Map<string, Link>()

  constructor(platform: Platform, gate: GateRule) {
    this.#platform = platform
    this.#gate = gate
  }

  /** The link of a file by its canonical name. */
  of(real: string): Link {
    const known = this.#links.get(real)
    if (known) return known
    const link = this.#read(real)
    this.#links.set(real, link)
    return link
  }

  /** The files from `real` down, itself first, by backing files alone; ends at the last one that may be read, or in front of one that was come by. */
  *down(real: string): Generator<{ path: string; link: Link }> {
    const seen = new Set<string>()
    for (let path: string | undefined = real; path !== undefined && !seen.has(path) && seen.size < MAX_CHAIN_DEPTH;) {
      seen.add(path)
      const link = this.of(path)
      yield { path, link }
      path = link.fault === undefined ? link.backing : undefined
    }
  }

  #read(real: string): Link {
    const { files } = this.#platform
    try {
      if (this.#isRaw(real)) return {}
      const info = describeLayer(this.#platform, real, { gate: this.#gate })
      const link: Link = { info }
      try {
        if (info.qcow2?.dataFile !== undefined) link.dataFile = files.canonical(backingPath(this.#platform, real, info.qcow2.dataFile))
        if (info.backingName === undefined) return link
        const lower = backingPath(this.#platform, real, info.backingName)
        link.backing = files.canonical(lower)
        passGate(this.#gate, files, lower, real)
      } catch (error) {
        link.fault = words(error)
      }
      return link
    } catch (error) {
      return { fault: words(error) }
    }
  }

  /** Whether a file is of no format that names others: then there is nothing more to read. */
  #isRaw(real: string): boolean {
    const storage = this.#platform.files.open(real, false)
    try {
      const head = new Uint8Array(Math.min(PROBE_BYTES, storage.size))
      storage.readAt(0, head)
      return probeFormat(head).name === 'raw'
    } finally {
      storage.close()
    }
  }
}

function words(error: unknown): string {
  if (error instanceof StrataError) return error.message
  throw error
}
