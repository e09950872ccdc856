import { SIGNAL_EXIT } from './exit-codes.ts'
import { OrderedOutput } from './ordered-output.ts'

/** Where a verb writes, and how it hears that it shall stop. */
export interface Terminal {
  /** results */
  out(text: string): void
  /** errors and warnings */
  err(text: string): void
  /** whether a person reads the errors: they then get a hint as a second line, where a script gets the one line that qemu-img prints */
  readonly attended: boolean
  /** Calls `stop` with an exit code when the person (Ctrl-C) or the system ends the program; answers with what ends the listening. */
  onStop(stop: (exitCode: number) => void): () => void
  /** Calls `tell` when somebody asks how far the work is; answers with what ends the listening. Absent where nobody can ask. */
  onAsk?(tell: () => void): () => void
}

/** As qemu-img's: `kill -USR1` asks a long verb how far it is. */
const ASKING = 'SIGUSR1'

/** Keeps the signal that asks how far the work is from what Node does on it, which is to open a debugger; it means nothing while no job runs. */
export function takeOverAsking(): void {
  process.on(ASKING, () => undefined)
}

const output = new OrderedOutput(process.stdout, process.stderr)

/** The terminal of this process. Stopping it a second time ends the process at once. */
export const processTerminal: Terminal = {
  out: (text) => output.out(text),
  err: (text) => output.err(text),
  attended: process.stderr.isTTY,
  onStop(stop) {
    let asked = false
    const signals = Object.keys(SIGNAL_EXIT) as (keyof typeof SIGNAL_EXIT)[]
    const hear = (signal: NodeJS.Signals) => {
      const code = SIGNAL_EXIT[signal as keyof typeof SIGNAL_EXIT]
      if (asked) {
        // By the signal itself: to leave by the front door would end the job's thread in the middle of a native call.
        process.off(signal, hear)
        process.kill(process.pid, signal)
        return
      }
      asked = true
      stop(code)
    }
    for (const signal of signals) process.on(signal, hear)
    return () => {
      for (const signal of signals) process.off(signal, hear)
    }
  },
  onAsk(tell) {
    process.on(ASKING, tell)
    return () => process.off(ASKING, tell)
  },
}
