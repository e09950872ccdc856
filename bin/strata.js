#!/usr/bin/env node
// The command. It must run under whatever Node the machine has: it finds the Node that Strata needs and starts the built command there.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { NO_NODE, root, suitableNode } from '../scripts/node24.mjs'
import { run } from '../scripts/run.mjs'

const [verb, ...rest] = process.argv.slice(2)
const entry = join(root, 'out', 'main', verb === 'serve' ? 'server.js' : 'cli.js')
const args = verb === 'serve' ? rest : process.argv.slice(2)
const node = suitableNode()

if (!existsSync(entry)) {
  console.error(`strata: ${entry} is not built yet; run "npm run build" in ${root} first.`)
  process.exit(1)
}
if (node === undefined) {
  console.error(`strata: ${NO_NODE}`)
  process.exit(1)
}
process.exitCode = await run(node, [entry, ...args], { shell: false })
