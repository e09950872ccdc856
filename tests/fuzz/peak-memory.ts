import { writeFileSync } from 'node:fs'
import { peakBytes } from '../fixtures/peak-bytes.ts'

/** How much memory this process has had at most since `reset`. */
export class PeakMemory {
  #start = 0

  /** Counts from here on. */
  reset(): void {
    try {
      // "5" sets the peak back to what is in use now (proc(5), clear_refs).
      writeFileSync('/proc/self/clear_refs', '5')
    } catch {
      // Without that the peak since the start of the process stands.
    }
    this.#start = peakBytes()
  }

  /** Bytes on top of what was in use at `reset`. */
  get grown(): number {
    return peakBytes() - this.#start
  }
}
