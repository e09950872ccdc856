import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { hasProgram } from '../fixtures/programs.ts'
import { AMEND } from './cases/amend.ts'
import { BENCH } from './cases/bench.ts'
import { BITMAP } from './cases/bitmap.ts'
import { CHECK } from './cases/check.ts'
import { COMPARE } from './cases/compare.ts'
import { COMMIT } from './cases/commit.ts'
import { CONVERT } from './cases/convert.ts'
import { CREATE } from './cases/create.ts'
import { DD } from './cases/dd.ts'
import { ENCRYPTION } from './cases/encryption.ts'
import { INFO } from './cases/info.ts'
import { MAP } from './cases/map.ts'
import { MEASURE } from './cases/measure.ts'
import { NAMES, SIZES_GIVEN } from './cases/names.ts'
import type { OracleCase } from './cases/oracle-case.ts'
import { REBASE } from './cases/rebase.ts'
import { RESIZE } from './cases/resize.ts'
import { SNAPSHOT } from './cases/snapshot.ts'
import { USAGE } from './cases/usage.ts'
import { copyImage, imagesOf, makeImages } from './images.ts'
import { must, onceTimed, run, type Said } from './qemu.ts'
import { strataInside, strataProcess } from './strata.ts'

// The cases that run as a process of their own have their jobs in threads.
vi.mock('../../src/host/job-thread.ts', async () => ({ JobThread: (await import('../fixtures/job-here.ts')).JobHere }))

const GROUPS = {
  usage: USAGE,
  names: NAMES,
  sizes: SIZES_GIVEN,
  create: CREATE,
  info: INFO,
  convert: CONVERT,
  dd: DD,
  check: CHECK,
  encryption: ENCRYPTION,
  resize: RESIZE,
  amend: AMEND,
  bitmap: BITMAP,
  snapshot: SNAPSHOT,
  commit: COMMIT,
  rebase: REBASE,
  map: MAP,
  measure: MEASURE,
  compare: COMPARE,
  bench: BENCH,
}

describe.skipIf(!hasProgram('qemu-img'))('The command line against qemu-img (needs qemu-utils)', () => {
  const home = process.cwd()
  let scratch: string
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'strata-oracle-'))
    mkdirSync(join(scratch, 'images'))
    makeImages(join(scratch, 'images'))
  })
  afterAll(() => rmSync(scratch, { recursive: true }))
  afterEach(() => {
    process.chdir(home)
    for (const side of ['theirs', 'ours']) rmSync(join(scratch, side), { recursive: true, force: true })
  })

  /** A folder with copies of the images that a case names. */
  function lay(side: 'theirs' | 'ours', names: readonly string[]): string {
    const folder = join(scratch, side)
    for (const name of ['.', ...names]) {
      const from = join(scratch, 'images', name)
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      if (name === '.' || lstatSync(from).isDirectory()) mkdirSync(join(folder, name), { recursive: true })
      else copyImage(from, join(folder, name), name)
    }
    return folder
  }

  for (const [group, cases] of Object.entries(GROUPS))
    describe(group, () => {
      it.each(cases.map((test) => ({ test, name: words(test).join(' ') })))('$name', async ({ test }) => {
        const args = words(test)
        const images = imagesOf([...args, ...(test.with ?? [])])
        const ours = lay('ours', images)
        const before = stateOf(ours)
        let theirs = ''
        const attempt = onceTimed(() => {
          rmSync(join(scratch, 'theirs'), { recursive: true, force: true })
          theirs = lay('theirs', images)
          return run('qemu-img', args, theirs)
        })
        const wanted = untimed(inOurName(attempt))
        process.chdir(ours)
        const said = untimed(test.real ? strataProcess(args, ours) : await strataInside(args))

        if (test.differs?.refused !== undefined) {
          expect(said).toMatchObject({ exit: 1, stderr: expect.stringMatching(REFUSAL) as string })
          expect(wanted.exit, 'qemu-img does what Strata refuses').not.toBe(1)
        } else compareSaid(said, wanted, test.differs ?? {})
        if (said.exit !== 0) expect(stateOf(ours), 'a verb that fails changes and leaves nothing').toEqual(before)
        for (const made of [test.makes ?? []].flat()) compareMade(made, theirs, ours, test.differs?.header)
      })
    })

  it('speaks of enough command lines, and of each once', () => {
    const lines = Object.values(GROUPS).flatMap((cases) => cases.map((test) => [...words(test), 'beside', ...(test.with ?? [])].join('\0')))
    expect(lines.length).toBeGreaterThan(80)
    expect(new Set(lines).size).toBe(lines.length)
  })
})

/** What Strata says of something that it does not have. */
const REFUSAL = /^strata: .*(not supported yet|Unknown file format|does not (read|have) yet)/

function words({ line }: OracleCase): readonly string[] {
  return typeof line === 'string' ? line.split(' ') : line
}

/** With Strata's name, and without warnings, of which Strata has none. */
function inOurName({ exit, stdout, stderr }: Said): Said {
  const ours = (text: string) => text.replaceAll('qemu-img', 'strata')
  return {
    exit,
    stdout: ours(stdout),
    stderr: ours(stderr).replace(/^(strata: warning: .*\n|WARNING: Image format was not specified .*\n.*\n.*\n)/gm, ''),
  }
}

/** How long `bench` took is nobody's business here. */
function untimed({ stdout, ...said }: Said): Said {
  return { ...said, stdout: stdout.replace(/\d+\.\d{3} seconds/g, '… seconds') }
}

function compareSaid(said: Said, wanted: Said, differs: NonNullable<OracleCase['differs']>): void {
  expect(said.exit, said.stderr).toBe(differs.exit?.code ?? wanted.exit)
  for (const stream of ['stdout', 'stderr'] as const)
    if (differs[stream] === undefined) expect(said[stream], stream).toBe(wanted[stream])
    else expect(said[stream], `${stream} differs no longer: ${differs[stream]}`).not.toBe(wanted[stream])
  // `compare` tells of a difference with this exit code, and that is no error.
  if (said.exit === 1 && wanted.stderr !== '') expect(said.stderr).toMatch(/^strata: ./)
}

/** Both images, through their chains, hold the same bytes; what their headers say is the same; QEMU finds nothing wrong with ours. */
function compareMade(name: string, theirs: string, ours: string, because?: string): void {
  const format = name.endsWith('.raw') ? 'raw' : 'qcow2'
  const [left, right] = [join(theirs, name), join(ours, name)]
  expect(must('qemu-img', ['compare', '-f', format, '-F', format, left, right], ours)).toBe('Images are identical.\n')
  if (format === 'raw') expect(statSync(right).size).toBe(statSync(left).size)
  else {
    expect(must('qemu-img', ['check', name], ours)).toContain('No errors were found on the image.')
    const header = (folder: string) => must('qemu-img', ['info', name], folder).replace(/^disk size: .*\n/m, '')
    if (because === undefined) expect(header(ours)).toBe(header(theirs))
    else expect(header(ours), `the header differs no longer: ${because}`).not.toBe(header(theirs))
  }
}

/** Names, sizes and times of all files in a folder. */
function stateOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => ({ name, stats: statSync(join(folder, name)) }))
    .map(({ name, stats }) => (stats.isDirectory() ? name : `${name} ${stats.size} ${stats.mtimeMs}`))
    .sort()
}
