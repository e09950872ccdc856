import { readFileSync, writeFileSync } from 'node:fs'

/** How much memory this process has had at most since `reset`, in bytes; undefined where the system does not tell, as only Linux does. */
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
    this.#start = peak() ?? 0
  }

  /** Bytes on top of what was in use at `reset`. */
  get grown(): number | undefined {
    const now = peak()
    return now === undefined ? undefined : now - this.#start
  }
}

function peak(): number | undefined {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
  } catch {
    return undefined
  }
}
