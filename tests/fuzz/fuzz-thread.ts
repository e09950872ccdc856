/** A thread that attacks parsers in turns, and says before each input, in shared memory, what that is: whoever waits too long can read it there. */
import { parentPort, workerData } from 'node:worker_threads'
import { Campaign } from './campaign.ts'
import type { FromFuzzThread, FuzzThreadData } from './fuzz.ts'
import { allParsers } from './parsers/index.ts'

const { names, seed, seconds, turn, shared } = workerData as FuzzThreadData
const count = new Int32Array(shared, 0, 2)
const text = new Uint8Array(shared, 8)
const encoder = new TextEncoder()
const tell = (message: FromFuzzThread): void => parentPort?.postMessage(message)

const parsers = (await allParsers()).filter(({ name }) => names === undefined || names.includes(name))
const campaigns = parsers.map((parser) => ({ name: parser.name, campaign: new Campaign(parser, seed) }))
const end = Date.now() + seconds * 1000
do {
  for (const { name, campaign } of campaigns) {
    const milliseconds = Math.min(turn, Math.max(1, end - Date.now()))
    await campaign.run(
      milliseconds,
      (input) => {
        Atomics.store(count, 1, encoder.encodeInto(JSON.stringify({ parser: name, input }), text).written)
        Atomics.add(count, 0, 1)
      },
      (failure) => tell({ failure }),
    )
    tell({ score: campaign.score })
  }
} while (Date.now() < end)
tell({ done: true })
