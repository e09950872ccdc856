// Runs a command of the project under a Node that is new enough: node scripts/with-node.mjs vitest run
import { environment, NO_NODE, suitableNode } from './node24.mjs'
import { run } from './run.mjs'

const [command, ...args] = process.argv.slice(2)
if (command === undefined) {
  console.error('usage: node scripts/with-node.mjs COMMAND [ARGUMENT...]')
  process.exit(2)
}
if (suitableNode() === undefined) {
  console.error(NO_NODE)
  process.exit(1)
}
process.exitCode = await run(command, args, { env: environment() })
