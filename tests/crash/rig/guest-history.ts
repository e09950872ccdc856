/** What a disk read as from some call on: all of it, or some sectors. */
interface Version {
  /** the calls that were made when the change began: from then on it may be there */
  from: number
  at: number
  bytes: Uint8Array
  /** guest bytes of the disk where the change is of its size */
  size?: number
}

const SECTOR = 512

/** What a disk may read as after a power cut: each sector as flushed last, or as something that was written since. */
export class GuestHistory {
  content: Uint8Array
  readonly #versions: Version[] = []
  readonly #promises: { calls: number; content: Uint8Array }[] = []
  readonly #calls: () => number

  /** `calls` tells how many calls were made so far; `content` is on stable storage. */
  constructor(content: Uint8Array, calls: () => number) {
    this.content = content.slice()
    this.#calls = calls
    this.#promises.push({ calls: calls(), content })
  }

  /** Runs what writes `bytes` at `at`, both of whole sectors. */
  write(at: number, bytes: Uint8Array, run: () => void): void {
    this.#versions.push({ from: this.#calls(), at, bytes })
    run()
    this.content.set(bytes, at)
  }

  /** Runs what makes the disk read as `content`, of whatever size. */
  replace(content: Uint8Array, run: () => void): void {
    this.#versions.push({ from: this.#calls(), at: 0, bytes: content, size: content.length })
    run()
    this.content = content.slice()
  }

  /** Runs what brings all that was written to stable storage. */
  flush(run: () => void): void {
    run()
    this.#promises.push({ calls: this.#calls(), content: this.content.slice() })
  }

  /** All of it was written since the beginning, and is on stable storage after so many calls. */
  promiseAt(content: Uint8Array, calls: number): void {
    this.#versions.push({ from: 0, at: 0, bytes: content, size: content.length })
    this.#promises.push({ calls, content })
    this.content = content
  }

  /** What is wrong with what a disk reads as when the power fails after so many calls; undefined for nothing. */
  faultOf(found: Uint8Array, calls: number): string | undefined {
    const promise = this.#promises.findLast((one) => one.calls <= calls)!
    if (Buffer.compare(found, promise.content) === 0) return undefined
    const since = this.#versions.filter(({ from }) => from >= promise.calls && from < calls)
    const sizes = [promise.content.length, ...since.flatMap(({ size }) => size ?? [])]
    if (!sizes.includes(found.length)) return `has ${found.length} bytes, and never had`
    for (let at = 0; at < found.length; at += SECTOR) {
      const now = found.subarray(at, at + SECTOR)
      if (sameAs(promise.content, at, now)) continue
      const known = since.some(
        (one) => at >= one.at && (at < one.at + one.bytes.length || one.size !== undefined) && sameAs(one.bytes, at - one.at, now),
      )
      // A disk that grew is zeros there.
      const grown = at >= promise.content.length && now.every((byte) => byte === 0)
      if (!known && !grown) return `sector ${at / SECTOR} is neither as flushed nor as written since`
    }
    return undefined
  }
}

/** Whether `bytes` hold `sector` at `at`, with zeros past their end. */
function sameAs(bytes: Uint8Array, at: number, sector: Uint8Array): boolean {
  const there = bytes.subarray(at, at + sector.length)
  if (there.length === sector.length) return Buffer.compare(there, sector) === 0
  return Buffer.compare(there, sector.subarray(0, there.length)) === 0 && sector.subarray(there.length).every((byte) => byte === 0)
}
