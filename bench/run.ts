// npm run bench [MiB]: Strata's command beside qemu-img on the same disk. Prints a table; seconds are the best of three runs, start of the program included.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeSample } from './sample.ts'

const RUNS = 3
const size = Number(process.argv[2] ?? 512) * 2 ** 20

const cli = join(import.meta.dirname, '..', 'out', 'main', 'cli.js')
const PROGRAMS = { strata: [process.execPath, cli], qemu: ['qemu-img'] } as const

/** What is timed: arguments that both programs take, on files that an earlier row may have made. */
const ROWS = [
  { what: 'convert raw to qcow2', args: ['convert', '-f', 'raw', '-O', 'qcow2', 'disk.raw', 'disk.qcow2'], made: 'disk.qcow2' },
  {
    what: 'convert raw to qcow2, compressed',
    args: ['convert', '-f', 'raw', '-c', '-O', 'qcow2', 'disk.raw', 'packed.qcow2'],
    made: 'packed.qcow2',
  },
  { what: 'convert qcow2 to raw', args: ['convert', '-O', 'raw', 'disk.qcow2', 'back.raw'], made: 'back.raw' },
  { what: 'convert compressed qcow2 to raw', args: ['convert', '-O', 'raw', 'packed.qcow2', 'back.raw'], made: 'back.raw' },
  { what: 'check qcow2', args: ['check', 'disk.qcow2'], made: undefined },
  { what: 'info qcow2', args: ['info', 'disk.qcow2'], made: undefined },
]

if (!existsSync(cli)) {
  console.error('Nothing to measure: run "npm run build" first.')
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'strata-bench-'))
try {
  writeSample(join(folder, 'disk.raw'), size)
  console.log(`${size / 2 ** 20} MiB, half files, a quarter random, a quarter empty. Seconds, best of ${RUNS}.\n`)
  console.log('| work | qemu-img | strata | ratio | size by qemu-img | size by strata |')
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
  for (const { what, args, made } of ROWS) {
    const qemu = measure('qemu', args, made)
    const strata = measure('strata', args, made)
    const ratio = (strata.seconds / qemu.seconds).toFixed(2)
    console.log(`| ${what} | ${qemu.seconds.toFixed(2)} | ${strata.seconds.toFixed(2)} | ${ratio} | ${qemu.mib} | ${strata.mib} |`)
  }
} finally {
  rmSync(folder, { recursive: true })
}

function measure(program: keyof typeof PROGRAMS, args: readonly string[], made: string | undefined): { seconds: number; mib: string } {
  const [command, ...first] = PROGRAMS[program]
  let best = Infinity
  for (let run = 0; run < RUNS; run++) {
    if (made !== undefined) rmSync(join(folder, made), { force: true })
    const start = performance.now()
    const { status, stderr, error } = spawnSync(command, [...first, ...args], { cwd: folder, encoding: 'utf8' })
    best = Math.min(best, (performance.now() - start) / 1000)
    if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${error?.message ?? stderr}`)
  }
  const mib = made === undefined ? '' : `${(statSync(join(folder, made)).blocks / 2048).toFixed(1)} MiB`
  return { seconds: best, mib }
}
