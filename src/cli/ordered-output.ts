import type { Writable } from 'node:stream'

/**
 * Writes to two streams in the order in which it is told to, even where both lead into one pipe whose reader is slow: a stream gets its text when
 * the other has written all of its own. Nothing waits where nothing is held up, so long output comes as it is made.
 */
export class OrderedOutput {
  readonly #streams: readonly [Writable, Writable]
  readonly #waiting: [stream: Writable, text: string][] = []

  constructor(out: Writable, err: Writable) {
    this.#streams = [out, err]
  }

  out(text: string): void {
    this.#write(this.#streams[0], text)
  }

  err(text: string): void {
    this.#write(this.#streams[1], text)
  }

  #write(stream: Writable, text: string): void {
    if (this.#waiting.length === 0 && this.#other(stream).writableLength === 0) stream.write(text)
    else if (this.#waiting.push([stream, text]) === 1) this.#waitFor(this.#other(stream))
  }

  #other(stream: Writable): Writable {
    const [out, err] = this.#streams
    return stream === out ? err : out
  }

  /** An empty write is done when all before it is. */
  #waitFor(stream: Writable): void {
    stream.write('', () => this.#resume())
  }

  #resume(): void {
    let first: [Writable, string] | undefined
    while ((first = this.#waiting[0])) {
      const other = this.#other(first[0])
      if (other.writableLength > 0) return this.#waitFor(other)
      this.#waiting.shift()
      first[0].write(first[1])
    }
  }
}
