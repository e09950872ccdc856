import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEngine, unwatched } from '../../src/engine/index.ts'

const context = { gate: { kind: 'follow' }, job: unwatched } as const
const refusal = join(import.meta.dirname, '..', 'fixtures', 'refusal.ts')

/** Largest memory that refusing a file may take, on top of what the runtime and the engine take by themselves. */
const MAX_MEBIBYTES = 30

const word = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}
const half = (value: number): Buffer => word(BigInt(value)).subarray(4)

const LIES: [what: string, at: number, bytes: Buffer, code: string][] = [
  ['a header cut short', -1, Buffer.alloc(0), 'CORRUPT'],
  ['a disk of 2^60 bytes', 24, word(2n ** 60n), 'CORRUPT'],
  ['an L1 table of 4 billion entries', 36, half(0xffffffff), 'CORRUPT'],
  ['an L1 table past the end of the file', 40, word(2n ** 50n), 'CORRUPT'],
  ['a reference count table of 4 billion clusters', 56, half(0xffffffff), 'CORRUPT'],
  ['65536 snapshots past the end of the file', 60, half(65536), 'CORRUPT'],
]

/** What a check does not refuse, but tells. */
const CHECKED = new Set(['an L1 table past the end of the file', '65536 snapshots past the end of the file'])

describe('a hostile file, to a process of its own', () => {
  let folder: string
  let image: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-hostile-'))
    image = join(folder, 'disk.qcow2')
    createEngine().create({ path: image, format: 'qcow2', size: 2 ** 30, overwrite: false }, context)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function refused(verb: string): { code: string; mebibytes: number } {
    return JSON.parse(execFileSync(process.execPath, [refusal, verb, image], { encoding: 'utf8', timeout: 20_000 })) as ReturnType<
      typeof refused
    >
  }

  it.each(LIES)('%s costs little, is refused, and changes nothing', (what, at, bytes, code) => {
    const content = readFileSync(image)
    if (at < 0) writeFileSync(image, content.subarray(0, 60))
    else {
      bytes.copy(content, at)
      writeFileSync(image, content)
    }
    const before = readFileSync(image)
    for (const verb of ['info', 'check', 'resize', 'convert']) {
      const answer = refused(verb)
      expect(answer.code, verb).toBe(verb === 'check' && CHECKED.has(what) ? 'none' : code)
      expect(answer.mebibytes, verb).toBeLessThan(MAX_MEBIBYTES)
    }
    expect(readFileSync(image).equals(before)).toBe(true)
    expect(readdirSync(folder)).toEqual(['disk.qcow2'])
  })

  it('as many snapshots as the format allows are listed and checked in 256 MiB', () => {
    const rows = 65_536
    const row = Buffer.alloc(72)
    half(0x30000).copy(row, 4) // where the L1 table lies
    half(2).copy(row, 8) // its entries
    row.writeUInt16BE(1, 12) // length of the id
    row.writeUInt16BE(10, 14) // and of the name
    half(16).copy(row, 36) // and of the extra data
    row.fill(0x41, 56, 67)
    const content = readFileSync(image)
    half(rows).copy(content, 60)
    word(2n ** 20n).copy(content, 64)
    writeFileSync(image, Buffer.concat([content, Buffer.alloc(2 ** 20 - content.length), Buffer.alloc(rows * row.length, row)]))
    for (const verb of ['info', 'check']) {
      const answer = refused(verb)
      expect(answer.code, verb).toBe('none')
      expect(answer.mebibytes, verb).toBeLessThan(256)
    }
  })
})
