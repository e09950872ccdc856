import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OrderedOutput } from '../../../src/cli/ordered-output.ts'

const CLI = join(import.meta.dirname, '..', '..', '..', 'src', 'cli')

/** A stream that takes its time with each text and then says it aloud. */
function slow(aloud: string[], milliseconds: number): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      setTimeout(() => {
        if (text !== '') aloud.push(text)
        done()
      }, milliseconds)
    },
  })
}

describe('OrderedOutput', () => {
  it('lets neither stream overtake the other', async () => {
    const aloud: string[] = []
    const [out, err] = [slow(aloud, 3), slow(aloud, 1)]
    const output = new OrderedOutput(out, err)
    for (const text of ['o1', 'o2', 'e1', 'o3', 'e2', 'e3', 'o4']) {
      if (text.startsWith('o')) output.out(text)
      else output.err(text)
    }
    await expect.poll(() => aloud.length).toBe(7)
    expect(aloud).toEqual(['o1', 'o2', 'e1', 'o3', 'e2', 'e3', 'o4'])
  })

  it('holds nothing back that nothing is in the way of', () => {
    const written: string[] = []
    const instant = (): Writable =>
      new Writable({
        decodeStrings: false,
        write(text: string, _encoding, done) {
          written.push(text)
          done()
        },
      })
    const output = new OrderedOutput(instant(), instant())
    output.out('o1')
    output.err('e1')
    output.out('o2')
    expect(written).toEqual(['o1', 'e1', 'o2'])
  })
})

describe.skipIf(process.platform === 'win32')('the process into a pipe (needs sh)', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-output-'))
    const from = (name: string): string => JSON.stringify(pathToFileURL(join(CLI, name)).href)
    writeFileSync(
      join(folder, 'talk.mjs'),
      `import { processTerminal as terminal } from ${from('terminal.ts')}
       for (let i = 0; i < 20000; i++) (i % 3 === 0 ? terminal.err : terminal.out)(String(i) + '\\n')
       process.exitCode = 3`,
    )
    writeFileSync(
      join(folder, 'large.mjs'),
      `import { json } from ${from('json.ts')}
       import { processTerminal as terminal } from ${from('terminal.ts')}
       terminal.out(json(Array.from({ length: 150000 }, (_, start) => ({ start, data: true, text: 'some words' }))))
       process.exitCode = 3`,
    )
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  function piped(command: string): string {
    const { stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 })
    expect(stderr).toBe('')
    return stdout
  }

  it('errors and results come in their order to a reader that takes its time, and the exit code is right', () => {
    const out = piped(`{ "${process.execPath}" talk.mjs 2>&1; echo "exit $?"; } | (sleep 0.3; cat)`)
    expect(out).toBe(`${Array.from({ length: 20000 }, (_, i) => `${i}\n`).join('')}exit 3\n`)
  })

  it('10 MB of JSON arrive whole', () => {
    const out = piped(`"${process.execPath}" large.mjs | (sleep 0.3; cat)`)
    expect(out.length).toBeGreaterThan(10e6)
    expect(JSON.parse(out)).toHaveLength(150000)
  })

  it.each(['--help', 'info --help', 'nosuch', 'info missing.qcow2'])('strata %s: a reader that reads nothing is no error', (args) => {
    const out = piped(`{ "${process.execPath}" "${join(CLI, 'index.ts')}" ${args} 2>&1; echo "exit $?" >&3; } 3>exit | true; cat exit`)
    expect(out).toBe(`exit ${args.endsWith('--help') ? 0 : 1}\n`)
  })
})
