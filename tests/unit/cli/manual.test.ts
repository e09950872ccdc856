import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { cliDocuments } from '../../../scripts/cli-docs.mjs'
import { parseArgs } from '../../../src/cli/args.ts'
import { fishCompletion } from '../../../src/cli/manual/fish-completion.ts'
import { manPage } from '../../../src/cli/manual/man-page.ts'
import { manual } from '../../../src/cli/manual/manual.ts'
import type { Page } from '../../../src/cli/manual/page.ts'
import { strata } from '../../../src/cli/strata.ts'
import type { Verb } from '../../../src/cli/verb.ts'
import { VERBS } from '../../../src/cli/verbs.ts'
import { hasProgram } from '../../fixtures/programs.ts'
import { recordingTerminal } from '../../fixtures/recording-terminal.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const BASH = join(ROOT, 'resources', 'completions', 'strata.bash')
const ZSH = join(ROOT, 'resources', 'completions', '_strata')
const FISH = join(ROOT, 'resources', 'completions', 'strata.fish')
const MAN = join(ROOT, 'resources', 'man', 'strata.1')

/** A command whose words hold everything that the languages of man pages and shells treat specially. */
const ODD: Page = {
  name: 'odd',
  summary: 'it\'s "odd": [a] \\n 100% $HOME `ls`',
  operands: 'FILE',
  description: ['.TH is no request here', "'quoted' at the start"],
  options: [{ short: 'x', long: 'ex', value: 'a|b', help: "say [it]: 'so' \\ $(so)" }],
  refused: [],
  examples: [{ line: 'odd -x a', does: '.B is none either' }],
  exitCodes: [[7, 'odd']],
}

function shell(program: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...(input !== undefined && { input }) })
  expect([status, stderr]).toEqual([0, ''])
  return stdout
}

describe('the documents in the tree', () => {
  let documents: Record<string, string>
  beforeAll(async () => {
    documents = await cliDocuments()
  })

  it('are what the tables make: otherwise run "npm run cli-docs"', () => {
    const stale = Object.entries(documents).filter(([path, text]) => {
      const file = join(ROOT, path)
      return !existsSync(file) || readFileSync(file, 'utf8') !== text
    })
    expect(stale.map(([path]) => path)).toEqual([])
  })

  it.each(Object.keys(VERBS))('have a section for %s, with each of its options', async (name) => {
    const page = (await manual()).find((one) => one.name === name)
    const docs = documents['docs/cli.md'] ?? ''
    const section = docs
      .slice(docs.indexOf(`\n## strata ${name}\n`))
      .split('\n## ', 2)
      .join('\n## ')
    for (const { short, long } of page?.options ?? []) {
      if (short !== undefined) expect(section).toMatch(new RegExp('`-' + short + '\\b'))
      if (long !== undefined) expect(section).toContain(`--${long}`)
    }
  })
})

describe('the examples', () => {
  const words = (line: string): string[] =>
    line
      .replace(/ > .*/, '')
      .split(' ')
      .map((word) => (word === "''" ? '' : word))

  it.each(Object.entries(VERBS))('of %s are command lines that it takes', async (name, load) => {
    const verb: Verb = await load()
    for (const { line } of verb.examples ?? []) {
      const [first, ...args] = words(line)
      expect(first).toBe(name)
      const read = parseArgs(verb.options, verb.lastIsOperand === true ? args.slice(0, -1) : args)
      expect(read).not.toBe('help')
    }
  })
})

describe('the man page', () => {
  it.skipIf(!hasProgram('groff'))('is sound roff (needs groff)', async () => {
    expect(shell('groff', ['-ww', '-man', '-Tutf8', MAN])).toContain('STRATA(1)')
    const odd = shell('groff', ['-ww', '-man', '-Tascii', '-P-cbou'], manPage([...(await manual()), ODD]))
    const words = odd.replace(/\s+/g, ' ')
    for (const text of [ODD.summary, ...ODD.description, '-x, --ex=a|b', '.B is none either.']) expect(words).toContain(text.slice(1))
  })

  it.skipIf(!hasProgram('man'))('is read by man without a warning (needs man)', () => {
    const page = shell('man', ['--warnings=w', '-E', 'utf8', '-l', MAN])
    for (const name of Object.keys(VERBS)) expect(page).toContain(name)
  })
})

describe.skipIf(!hasProgram('bash'))('the completion of bash (needs bash)', () => {
  /** What bash offers behind these words, as readline splits them. */
  function offers(...words: string[]): string[] {
    const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _strata; printf '%s\\n' "\${COMPREPLY[@]}"`
    return shell('bash', ['-c', script, 'bash', BASH, 'strata', ...words])
      .split('\n')
      .filter((word) => word !== '')
  }

  it.each([
    [['cre'], ['create']],
    [['--v'], ['--version']],
    [['check', '--rep'], ['--repair']],
    [
      ['check', '-r', ''],
      ['leaks', 'all'],
    ],
    [['check', '--repair', '=', 'a'], ['all']],
    [
      ['check', '--output', '='],
      ['human', 'json'],
    ],
    [['convert', '-O', 'q'], ['qcow2']],
    [['info', '-f', 'raw', '--back'], ['--backing-chain']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['completion', 'z'], ['zsh']],
    // Files are readline's to complete.
    [['info', 'disk'], []],
    [['create', '-b', ''], []],
    [['nosuch', ''], []],
  ])('%j: %j', (words, offered) => {
    expect(offers(...words)).toEqual(offered)
  })

  it('knows every command', () => {
    expect(offers('')).toEqual([...Object.keys(VERBS), 'serve', '-h', '--help', '-V', '--version', '-T', '--trace'])
  })
})

describe('the other completions', () => {
  it.skipIf(!hasProgram('zsh'))('of zsh can be read (needs zsh)', () => {
    shell('zsh', ['-f', '-n', ZSH])
    shell('zsh', ['-f', '-c', `autoload -U compinit; compinit -D; source "$1"; print $_comps[strata]`, 'zsh', ZSH])
  })

  it.skipIf(!hasProgram('fish'))('of fish offers verbs, options and values (needs fish)', async () => {
    const offers = (line: string): string[] =>
      shell('fish', ['--no-config', '-c', `source ${FISH}; complete -C'${line}'`])
        .split('\n')
        .flatMap((offer) => (offer === '' ? [] : [offer.split('\t')[0] ?? '']))
    expect(offers('strata cre')).toEqual(['create'])
    expect(offers('strata check --output=')).toEqual(['--output=human', '--output=json'])
    expect(offers('strata completion ')).toEqual(['bash', 'fish', 'zsh'])
    shell('fish', ['--no-config', '-c', fishCompletion('odd-name', [...(await manual()), ODD])])
  })

  it.each(['bash', 'zsh', 'fish'])('strata completion %s prints it', async (name) => {
    const terminal = recordingTerminal()
    expect(await strata(['completion', name], terminal)).toBe(0)
    expect(Object.values(await cliDocuments())).toContain(terminal.printed)
  })

  it.each([[[]], [['tcsh']], [['bash', 'zsh']], [['toString']]])('strata completion %j: says what it can', async (operands) => {
    const terminal = recordingTerminal()
    expect(await strata(['completion', ...operands], terminal)).toBe(1)
    expect(terminal.complaints).toMatch(/^strata: Expecting bash, zsh or fish\n/)
  })
})

describe('the help of a verb', () => {
  it('ends with its exit codes and examples, where it has any', async () => {
    const terminal = recordingTerminal()
    await strata(['completion', '--help'], terminal)
    expect(terminal.printed).toContain('Examples:\n  strata completion bash >')
  })
})
