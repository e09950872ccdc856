import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Random } from '../fixtures/random.ts'
import { must } from '../oracle/qemu.ts'
import type { Row } from './differential-matrix.ts'
import { type Actor, Model, type Step } from './differential-model.ts'
import { noise, NOISES, writeNoiseFiles } from './differential-noise.ts'
import type { Place, Player } from './differential-player.ts'
import { QemuPlayer } from './differential-qemu.ts'
import { chooseStep, isPossible } from './differential-steps.ts'
import { StrataPlayer } from './differential-strata.ts'

/** A sequence of steps on one kind of image, as data: what is played can be played again, and made shorter. */
export interface Game {
  row: Row
  /** guest bytes at the beginning */
  size: number
  creator: Actor
  turns: { actor: Actor; steps: Step[] }[]
}

const STEPS_A_TURN = 7
const PASSPHRASE = 'long enough'

/** A random game. `alone`: each program plays all of it, so that both must have the same image in the end. */
export function randomGame(row: Row, seed: number, turns: number, alone: boolean): Game {
  const random = new Random(seed)
  const size = Math.max(row.clusterSize * 8, 2 ** 20) + 512 * random.below(row.clusterSize / 512)
  const model = new Model(row, size, belowBytes(row, size))
  const game: Game = { row, size, creator: random.below(2) === 0 ? 'Strata' : 'QEMU', turns: [] }
  for (let turn = 0; turn < turns; turn++) {
    const actor = (turn + (game.creator === 'QEMU' ? 0 : 1)) % 2 === 0 ? 'Strata' : 'QEMU'
    const steps: Step[] = []
    for (let i = 1 + random.below(STEPS_A_TURN * 2); i > 0; i--) {
      const step = chooseStep(random, model, alone ? 'both' : actor)
      steps.push(step)
      model.play(step, actor)
    }
    game.turns.push({ actor, steps })
  }
  return game
}

/** Both programs take turns on one image; after each turn both look at all of it. Throws where anything disagrees. */
export function playTogether({ row, size, creator, turns }: Game, folder: string): void {
  const place = layOut(row, size, folder, 'image')
  const players = { Strata: new StrataPlayer(place), QEMU: new QemuPlayer(place) }
  players[creator].create(size)
  const model = new Model(row, size, belowBytes(row, size))
  for (const { actor, steps } of turns) {
    playTurn([players[actor]], model, steps, actor)
    for (const player of Object.values(players)) assertAgrees(player, model)
    assertMarks(players.Strata, model)
  }
  assertMarks(players.QEMU, model)
}

/** Each program plays all turns on an image of its own; in the end both images hold the same. */
export function playAlone({ row, size, turns }: Game, folder: string): void {
  const place = layOut(row, size, folder, 'ours')
  const ours = new StrataPlayer(place)
  const other = layOut(row, size, folder, 'theirs')
  const theirs = new QemuPlayer(other)
  const model = new Model(row, size, belowBytes(row, size))
  ours.create(size)
  creatorOf(other).create(size)
  for (const { steps } of turns) playTurn([ours, theirs], model, steps, 'Strata')
  for (const player of [ours, theirs]) {
    assertAgrees(player, model)
    assertMarks(player, model)
  }
  assertNothing('QEMU compares both images', theirs.compare(new QemuPlayer(place).image))
}

function playTurn(players: readonly Player[], model: Model, steps: readonly Step[], actor: Actor): void {
  const done = steps.filter((step) => {
    const possible = isPossible(step, model)
    if (possible) model.play(step, actor)
    return possible
  })
  for (const player of players) player.play(done)
}

function assertAgrees(player: Player, model: Model): void {
  assertNothing(`${player.name}'s check`, player.check())
  assertNothing(`${player.name} reads the disk`, player.differs(model.bytes))
  for (const [name, bytes] of model.snapshots) {
    const seen = player.snapshot(name)
    if (!seen) continue
    // QEMU shows a snapshot in the size that the disk has now.
    const length = Math.min(seen.length, bytes.length)
    if (Buffer.compare(seen.subarray(0, length), bytes.subarray(0, length)) !== 0)
      throw new Error(`${player.name} reads other bytes in snapshot ${name}`)
  }
}

function assertMarks(player: Player, model: Model): void {
  for (const [name, { granularity, must, may }] of model.bitmaps) {
    const seen = new Set<number>()
    for (const { at, length } of player.marks(name))
      for (let i = Math.floor(at / granularity); i * granularity < at + length; i++) seen.add(i)
    const missing = [...must].filter((granule) => !seen.has(granule))
    const extra = [...seen].filter((granule) => !may.has(granule))
    const words = [missing.length > 0 && `does not mark granules ${missing.join()}`, extra.length > 0 && `marks granules ${extra.join()}`]
    assertNothing(`${player.name}: bitmap ${name} of granules of ${granularity} bytes`, words.filter(Boolean).join('; '))
  }
}

function assertNothing(what: string, words: string): void {
  if (words !== '') throw new Error(`${what}: ${words}`)
}

/**
 * Who makes an image for QEMU alone. QEMU tries for seconds how long a passphrase takes; what it makes of LUKS is for the games on one image, and for
 * the test of LUKS.
 */
export function creatorOf(place: Place): Player {
  return place.row.encryption === 'luks' ? new StrataPlayer(place) : new QemuPlayer(place)
}

/** A place for an image, with the noise files and the layer below. */
export function layOut(row: Row, size: number, folder: string, name: string): Place {
  mkdirSync(folder, { recursive: true })
  writeNoiseFiles(folder)
  const place = { folder, path: join(folder, `${name}.qcow2`), row, passphrase: PASSPHRASE }
  if (row.backing === 'none') return place
  const raw = join(folder, 'below.raw')
  writeFileSync(raw, belowBytes(row, size))
  if (row.backing === 'smaller raw') return { ...place, backing: { path: raw, format: 'raw' } }
  must('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', '-o', `cluster_size=${row.clusterSize}`, raw, 'below.qcow2'], folder)
  return { ...place, backing: { path: join(folder, 'below.qcow2'), format: 'qcow2' } }
}

/** What the layer below holds: noise with gaps of zeros. */
function belowBytes({ backing, clusterSize }: Row, size: number): Uint8Array {
  if (backing === 'none') return new Uint8Array()
  const shift = Math.ceil(clusterSize / 1024) * 512 + 1536
  const bytes = new Uint8Array(backing === 'smaller raw' ? size - shift : size + shift)
  const piece = 5 * 512 * 7
  for (let at = 0, i = 0; at < bytes.length; at += piece, i++)
    if (i % 3 > 0) bytes.set(noise(i % NOISES, Math.min(piece, bytes.length - at)), at)
  return bytes
}
