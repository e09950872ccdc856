import { strata } from './strata.ts'
import { processTerminal, takeOverAsking } from './terminal.ts'

takeOverAsking()

// Whoever reads our output may have read enough, as `head` has: that is no error, and nothing more needs to be said.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

// The process ends by itself once all output is out; `process.exit` would cut it short in a pipe.
process.exitCode = await strata(process.argv.slice(2), processTerminal)
