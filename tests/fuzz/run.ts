/** Run as a program (`npm run fuzz`): attacks parsers for as long as it is told, on as many cores, and keeps every input that failed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { FuzzFailure, FuzzScore } from './campaign.ts'
import { fuzz } from './fuzz.ts'
import { allParsers } from './parsers/index.ts'

const FAILURES = join(import.meta.dirname, '..', '..', 'test-results', 'fuzz')
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    parser: { type: 'string', multiple: true },
    cores: { type: 'string', default: '1' },
    replay: { type: 'string' },
  },
})
if (values.replay !== undefined) await replay(values.replay)
else await attack()

/** Has a parser read an input that was kept, and says what came out or lets the error out. */
async function replay(file: string): Promise<void> {
  const { parser: name, input } = JSON.parse(readFileSync(file, 'utf8')) as FuzzFailure
  const parser = (await allParsers()).find((one) => one.name === name)
  if (!parser) throw new Error(`there is no parser ${name}`)
  say(await parser.run(input))
}

async function attack(): Promise<void> {
  const seed = Number(values.seed)
  const totals = new Map<string, FuzzScore>()
  let failures = 0
  const failed = (failure: FuzzFailure): void => {
    mkdirSync(FAILURES, { recursive: true })
    const file = join(FAILURES, `${failure.parser.replaceAll(' ', '-')}-${seed}-${++failures}.json`)
    writeFileSync(file, JSON.stringify(failure, null, 1))
    say(`FAILED ${failure.parser}: ${failure.what.slice(0, 600)}\n  kept as ${file}`)
  }
  say(`seed ${seed}`)
  const threads = Array.from({ length: Number(values.cores) }, (_, core) => ({
    seed: seed + core,
    seconds: Number(values.minutes) * 60,
    turn: 2000,
    ...(values.parser && { names: values.parser }),
  }))
  const results = await Promise.all(threads.map((options) => fuzz(options, { failed })))
  for (const score of results.flat()) {
    const { cases = 0, answers = 0, slowest = 0 } = totals.get(score.parser) ?? {}
    totals.set(score.parser, {
      parser: score.parser,
      cases: cases + score.cases,
      answers: Math.max(answers, score.answers),
      slowest: Math.max(slowest, score.slowest),
    })
  }
  for (const { parser, cases, answers, slowest } of totals.values())
    say(`${parser.padEnd(20)} ${String(cases).padStart(10)} cases ${String(answers).padStart(7)} answers, slowest ${slowest} ms`)
  say(`${[...totals.values()].reduce((sum, { cases }) => sum + cases, 0)} cases, ${failures} failures`)
  process.exitCode = failures > 0 ? 1 : 0
}
