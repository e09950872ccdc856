import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { StrataError } from '../shared/errors.ts'
import { dataFolder } from '../host/data-folder.ts'
import { startWindowServer, type WindowServerOptions } from './window-server.ts'

const USAGE = `Usage: strata serve [--root DIR]... [--port N] [--open] [FILE]...

Serves Strata's window to a browser on this machine, and prints its address.

  --root DIR   a folder that the window may read and write; may be given more than once (default: the home directory)
  --port N     the port on 127.0.0.1 (default: any that is free)
  --open       open the window in the default browser
  FILE         an image to show
  --help       show this text

Ctrl-C ends it.`

/** The built window: beside the built server, or in out/ when the server runs from source. */
const RENDERER =
  extname(import.meta.url) === '.ts' ? join(import.meta.dirname, '../../out/renderer') : join(import.meta.dirname, '../renderer')

try {
  await main()
} catch (error) {
  const hint = error instanceof StrataError && error.hint !== undefined ? ` ${error.hint}` : ''
  console.error(`strata serve: ${error instanceof Error ? error.message : String(error)}.${hint}`)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const { help, open, ...options } = readArguments(process.argv.slice(2))
  if (help) {
    console.log(USAGE)
    return
  }
  if (!existsSync(join(RENDERER, 'index.html')))
    throw new StrataError('NOT_FOUND', 'The window is not built', { path: RENDERER }, 'Run "npm run build" first.')
  const server = await startWindowServer({ ...options, renderer: RENDERER, data: dataFolder() })
  console.log(server.url)
  if (open) openBrowser(server.openUrl())

  const end = () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, end)
    // What is still held then is nothing that matters: jobs are cancelled and tidied up.
    void server.close().finally(() => process.exit(0))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
}

function readArguments(args: string[]): Pick<WindowServerOptions, 'roots' | 'files' | 'port'> & { help: boolean; open: boolean } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      root: { type: 'string', multiple: true, default: [homedir()] },
      port: { type: 'string', default: '0' },
      open: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port > 65535) throw new StrataError('INVALID_ARGUMENT', `"${values.port}" is not a port`)
  const roots = values.root.map((root) => resolve(root))
  for (const root of roots)
    if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new StrataError('NOT_FOUND', `There is no folder ${root}`)
  return { roots, port, files: positionals.map((file) => resolve(file)), open: values.open, help: values.help }
}

/** Best effort: the address stands in the terminal as well. */
function openBrowser(url: string): void {
  const [command, ...args]: [string, ...string[]] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url]
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.on('error', () => console.error(`No browser could be started; open the address above yourself.`))
  child.unref()
}
