#!/usr/bin/env node
// The command. It must run under whatever Node the machine has: it finds the Node that Strata needs and starts the built command there.
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { NO_NODE, root, suitableNode } from '../scripts/node24.mjs'
import { run } from '../scripts/run.mjs'

const [verb, ...rest] = process.argv.slice(2)
const entry = join(root, 'out', 'main', verb === 'serve' ? 'server.js' : 'cli.js')
const args = verb === 'serve' ? rest : process.argv.slice(2)
const node = suitableNode()
// Messages carry the name that the command was started under: that of a link to this file.
const name = [process.env['STRATA_PROGRAM_NAME'], basename(process.argv[1] ?? '', '.js')].find(Boolean) ?? 'strata'

if (!existsSync(entry)) {
  console.error(`${name}: ${entry} is not built yet; run "npm run build" in ${root} first.`)
  process.exit(1)
}
if (node === undefined) {
  console.error(`${name}: ${NO_NODE}`)
  process.exit(1)
}
process.exitCode = await run(node, [entry, ...args], { shell: false, env: { ...process.env, STRATA_PROGRAM_NAME: name } })
