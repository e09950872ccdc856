import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasProgram } from '../fixtures/programs.ts'
import { rowName, ROWS } from '../model/differential-matrix.ts'
import { creatorOf, layOut } from '../model/differential-game.ts'
import { INFO_IMAGES } from './info-images.ts'
import { must } from './qemu.ts'
import { strataInside } from './strata.ts'

describe.skipIf(!hasProgram('qemu-img'))('What info tells is what qemu-img info tells (needs qemu-utils)', () => {
  const home = process.cwd()
  let scratch: string
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'strata-info-'))
    for (const [name, make] of Object.entries(INFO_IMAGES)) make(scratch, name)
    process.chdir(scratch)
  })
  afterAll(() => {
    process.chdir(home)
    rmSync(scratch, { recursive: true })
  })

  it.each(Object.keys(INFO_IMAGES))('of %s', async (name) => {
    await compare(name)
  })

  it.each(['plain.qcow2', 'over-raw.qcow2', 'chain.qcow2', 'no-format.qcow2', 'no-format-on-raw.qcow2', 'data.raw'])(
    'of %s and all below it',
    async (name) => {
      await compare('--backing-chain', name)
    },
  )

  it.each(ROWS.map((row, number) => ({ row, number, name: rowName(row) })))('of $name', async ({ row, number }) => {
    const folder = join(scratch, `row-${number}`)
    mkdirSync(folder)
    const place = layOut(row, 2 ** 20 + row.clusterSize, folder, 'image')
    creatorOf(place).create(2 ** 20 + row.clusterSize)
    await compare('--backing-chain', place.path)
  })
})

/** The same fields with the same values, in the same order; and the same lines. */
async function compare(...args: string[]): Promise<void> {
  for (const output of ['json', 'human']) {
    const words = ['info', `--output=${output}`, ...args]
    const theirs = must('qemu-img', words, process.cwd())
    const ours = await strataInside(words)
    expect(ours, ours.stderr).toMatchObject({ exit: 0, stderr: '' })
    if (output === 'json') expect(JSON.parse(ours.stdout)).toEqual(JSON.parse(theirs))
    expect(ours.stdout).toBe(theirs)
  }
}
