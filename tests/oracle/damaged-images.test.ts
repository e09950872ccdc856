import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StrataError } from '../../src/shared/errors.ts'
import { createEngine, unwatched } from '../../src/engine/index.ts'
import { hasProgram } from '../fixtures/programs.ts'
import { Anatomy, type Damage, seeded, systematic } from './damage/damages.ts'
import { isEncrypted, makeVictim, named, SECRET, VICTIMS, type Victim } from './damage/images.ts'
import { knownDifference } from './damage/known-differences.ts'
import { run } from './qemu.ts'

/** How many of the damages are tried: every n-th. All of them take an hour; `STRATA_DAMAGES=1` tries all. */
const EVERY = Number(process.env['STRATA_DAMAGES'] ?? 83)
const SEEDED = 4000
const context = { gate: { kind: 'follow' }, job: unwatched } as const

/** What a check says: sound, damaged, leaking; or that it could not look. */
type Verdict = 'unreadable' | { corrupt: boolean; leaks: boolean }

describe.skipIf(!hasProgram('qemu-img') || !hasProgram('qemu-io'))('Images damaged on purpose (needs qemu-utils)', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-damaged-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each(VICTIMS)(
    '$name: both checks agree on corruptions and leaks, and a repaired image is clean and has lost nothing that can be read',
    (victim) => {
      const home = join(folder, victim.name)
      mkdirSync(home)
      const sound = readFileSync(makeVictim(home, victim))
      const content = new Trial(home, victim, sound).content('trial.qcow2')
      if (!content) throw new Error('the image was never sound')
      const anatomy = new Anatomy(sound)
      let tried = 0
      for (const damage of some(anatomy, victim)) {
        const bytes = damage.apply(Buffer.from(sound))
        const trial = new Trial(home, victim, bytes)
        const known = knownDifference(victim, damage.what)
        if (known.check === undefined) expect(agreed(trial.theirs(), trial.ours()), `${damage.what}: ${trial.said}`).toBe(true)
        trial.repair()
        if (trial.isRefused) expect(readFileSync(trial.file).equals(bytes), `${damage.what}: what is refused stays as it is`).toBe(true)
        else {
          if (known.repair === undefined) expect(trial.theirs(), `${damage.what}, mended: ${trial.said}`).toEqual(SOUND)
          if (known.content === undefined)
            expect(trial.lost(content), `${damage.what}, mended: guest offset of what was lost`).toBe(undefined)
        }
        tried++
      }
      expect(tried).toBeGreaterThan(3)
    },
    300_000,
  )
})

const SOUND: Verdict = { corrupt: false, leaks: false }

function* some(anatomy: Anatomy, { name }: Victim): Generator<Damage> {
  // Another start for each image, so that together they see more of the list.
  let i = Buffer.from(name).reduce((sum, byte) => sum + byte, 0)
  for (const damage of systematic(anatomy)) if (i++ % EVERY === 0) yield damage
  yield* seeded(anatomy, i, Math.ceil(SEEDED / EVERY / VICTIMS.length))
}

/** QEMU gives up on some damage; then Strata may give up too, or must have found something. */
function agreed(theirs: Verdict, ours: Verdict): boolean {
  if (theirs === 'unreadable') return ours === 'unreadable' || ours.corrupt
  if (ours === 'unreadable') return theirs.corrupt
  return theirs.corrupt === ours.corrupt && theirs.leaks === ours.leaks
}

/** One damaged image, looked at and mended by both. */
class Trial {
  readonly file: string
  said = ''
  isRefused = false
  readonly #victim: Victim
  readonly #folder: string
  readonly #damaged: Buffer

  constructor(folder: string, victim: Victim, damaged: Buffer) {
    this.#folder = folder
    this.#victim = victim
    this.#damaged = damaged
    this.file = join(folder, 'trial.qcow2')
    writeFileSync(this.file, damaged)
  }

  #img(args: string[], name = 'trial.qcow2') {
    const opened = isEncrypted(this.#victim) ? [...SECRET, ...named(this.#victim, name)] : ['-f', 'qcow2', name]
    return run('qemu-img', [...args.slice(0, 1), ...opened, ...args.slice(1)], this.#folder)
  }

  theirs(): Verdict {
    const { exit, stdout, stderr } = this.#img(['check'])
    this.said += `qemu-img: ${exit} ${stderr.slice(0, 300)} `
    if (exit === 1) return 'unreadable'
    return { corrupt: /^\d+ errors were found/m.test(stdout), leaks: /^\d+ leaked clusters were/m.test(stdout) }
  }

  ours(): Verdict {
    try {
      const { corruptions, leaks, checkErrors, findings } = createEngine().check({ path: this.file, format: 'qcow2' }, context)
      this.said += `strata: ${findings
        .slice(0, 3)
        .map(({ message }) => message)
        .join('; ')}`
      return checkErrors > 0 ? 'unreadable' : { corrupt: corruptions > 0, leaks: leaks > 0 }
    } catch (error) {
      if (!(error instanceof StrataError)) throw error
      this.said += `strata: ${error.message}`
      return 'unreadable'
    }
  }

  repair(): void {
    this.said = ''
    try {
      createEngine().check({ path: this.file, format: 'qcow2', repair: 'all' }, context)
    } catch (error) {
      if (!(error instanceof StrataError)) throw error
      this.isRefused = true
    }
  }

  /** The guest offset of the first bytes of a sound disk that the damage left alone, that QEMU's repair keeps, and that ours does not; undefined for none. */
  lost(sound: Buffer): number | undefined {
    const ours = this.content('trial.qcow2')
    if (ours?.equals(sound)) return undefined
    const before = this.content('before.qcow2', this.#damaged)
    const lost = firstLost(sound, [before], ours)
    if (lost === undefined) return undefined
    this.#img(['check', '-r', 'all'], 'before.qcow2')
    return firstLost(sound, [before, this.content('before.qcow2')], ours)
  }

  /** The guest's bytes; for those that can't be read stands what no image holds. Undefined where the image does not open. */
  content(name: string, image?: Buffer): Buffer | undefined {
    if (image) writeFileSync(join(this.#folder, name), image)
    const { exit, stderr } = this.#img(['convert', '--salvage', '-O', 'raw', 'content.raw'], name)
    if (exit !== 0) return undefined
    const content = readFileSync(join(this.#folder, 'content.raw'))
    for (const [, offset] of stderr.matchAll(/offset (\d+):/g)) content.fill(0xee, Number(offset), Number(offset) + SECTOR)
    return content
  }
}

const SECTOR = 512

/** The guest offset of the first sector that all `keepers` have as `sound` has it, and `ours` has not. */
function firstLost(sound: Buffer, keepers: (Buffer | undefined)[], ours: Buffer | undefined): number | undefined {
  const has = (content: Buffer | undefined, at: number): boolean =>
    content !== undefined && Buffer.compare(content.subarray(at, at + SECTOR), sound.subarray(at, at + SECTOR)) === 0
  for (let at = 0; at < sound.length; at += SECTOR) if (!has(ours, at) && keepers.every((content) => has(content, at))) return at
  return undefined
}
