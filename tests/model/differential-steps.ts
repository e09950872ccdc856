import type { Random } from '../fixtures/random.ts'
import type { Actor, Model, Step } from './differential-model.ts'
import { NOISES } from './differential-noise.ts'

/** How a random step of one kind is chosen: undefined where the image has no room for it now. */
interface Operation {
  /** how often it comes, against the others */
  weight: number
  choose: (random: Random, model: Model, actor: Actor | 'both') => Step | undefined
}

const MAX_SNAPSHOTS = 3
const MAX_BITMAPS = 2
/** QEMU's time for another width goes with the cube of the cluster size: with larger clusters, minutes. */
const WIDTH_CLUSTERS = 16384
/** guest bytes that a disk may grow to */
const LARGEST = 16 * 2 ** 20

/** All operations, by name. */
export const OPERATIONS: Record<string, Operation> = {
  write: {
    weight: 8,
    choose: (random, model) => ({ do: 'write', ...range(random, model), noise: random.below(NOISES) }),
  },
  pack: {
    weight: 3,
    choose: (random, model, actor) => {
      const { packs, compat, backing, clusterSize } = model.row
      // QEMU packs only into clusters that are given back before, which version 2 over another disk can't do.
      if (packs === 'nothing' || (actor !== 'Strata' && compat === '0.10' && backing !== 'none')) return undefined
      const clusters = Math.floor(model.size / clusterSize)
      const first = random.below(clusters)
      const count = 1 + random.below(Math.min(4, clusters - first))
      return clusters === 0 ? undefined : { do: 'pack', at: first * clusterSize, length: count * clusterSize, noise: random.below(NOISES) }
    },
  },
  zero: {
    weight: 4,
    choose: (random, model) => ({ do: 'zero', ...range(random, model), unmap: random.below(2) === 0 }),
  },
  discard: {
    weight: 3,
    choose: (random, model, actor) => {
      const { at, length } = range(random, model)
      if (actor !== 'both') return { do: 'discard', at, length }
      // Alone, each may give back as little as it likes of what is no whole cluster.
      const { clusterSize } = model.row
      const first = Math.ceil(at / clusterSize) * clusterSize
      const end = at + length >= model.size ? model.size : Math.floor((at + length) / clusterSize) * clusterSize
      return end <= first ? undefined : { do: 'discard', at: first, length: end - first }
    },
  },
  snapshot: {
    weight: 2,
    choose: (random, model) => {
      const name = `s${random.below(1000)}`
      return model.snapshots.size >= snapshotRoom(model) || model.snapshots.has(name) ? undefined : { do: 'snapshot', name }
    },
  },
  apply: {
    weight: 1,
    choose: (random, { snapshots, bitmaps }, actor) => {
      // QEMU goes back to none while there are bitmaps.
      const name = actor !== 'Strata' && bitmaps.size > 0 ? undefined : one(random, snapshots)
      return name === undefined ? undefined : { do: 'apply', name }
    },
  },
  remove: {
    weight: 1,
    choose: (random, { snapshots }) => {
      const name = one(random, snapshots)
      return name === undefined ? undefined : { do: 'remove', name }
    },
  },
  grow: {
    weight: 1.5,
    // QEMU can't hide from version 2 what lies below.
    choose: (random, model, actor) =>
      actor !== 'Strata' && model.row.compat === '0.10' && model.row.backing !== 'none' ? undefined : resize(random, model, 1),
  },
  shrink: { weight: 1, choose: (random, model) => resize(random, model, -1) },
  lazy: {
    weight: 1,
    choose: (random, { row }) => (row.compat === '0.10' ? undefined : { do: 'amend', lazyRefcounts: random.below(2) === 0 }),
  },
  width: {
    weight: 1,
    choose: (random, { row }, actor) => {
      if (row.compat === '0.10' || (actor !== 'Strata' && row.clusterSize > WIDTH_CLUSTERS)) return undefined
      // Narrow counts may have no room for what is counted now.
      return { do: 'amend', refcountBits: 2 ** (4 + random.below(3)) }
    },
  },
  upgrade: {
    weight: 1,
    choose: (_random, { row }) => (row.compat === '0.10' ? { do: 'amend', compat: '1.1' } : undefined),
  },
  downgrade: {
    weight: 1,
    choose: (_random, { row, snapshots, bitmaps, size }, actor) => {
      // QEMU 7.2 writes the zeros that version 2 has no flag for without encrypting them.
      if (actor !== 'Strata' && row.encryption !== 'none') return undefined
      if (row.compat === '0.10' || row.refcountBits !== 16 || row.extendedL2 || row.packs === 'zstd' || row.data !== 'inside')
        return undefined
      const kept = [...snapshots.values()].every(({ length }) => length === size) && bitmaps.size === 0
      return kept ? { do: 'amend', compat: '0.10' } : undefined
    },
  },
  'bitmap add': {
    weight: 1,
    choose: (random, { row, bitmaps }) => {
      const name = `b${random.below(1000)}`
      if (row.compat === '0.10' || bitmaps.size >= MAX_BITMAPS || bitmaps.has(name)) return undefined
      return { do: 'bitmap add', name, granularity: 2 ** (9 + random.below(9)) }
    },
  },
  ...Object.fromEntries(
    (['bitmap remove', 'bitmap clear', 'bitmap enable', 'bitmap disable'] as const).map((verb) => [
      verb,
      {
        weight: 0.5,
        choose: (random: Random, { bitmaps }: Model): Step | undefined => {
          const name = one(random, bitmaps)
          return name === undefined ? undefined : { do: verb, name }
        },
      },
    ]),
  ),
  'bitmap merge': {
    weight: 0.5,
    choose: (random, { bitmaps }) => {
      const name = one(random, bitmaps)
      const from = one(random, bitmaps)
      return name === undefined || from === undefined || name === from ? undefined : { do: 'bitmap merge', name, from }
    },
  },
}

/** A random step that the image has room for now. Both programs can do it where the actor is `both`. */
export function chooseStep(random: Random, model: Model, actor: Actor | 'both'): Step {
  const all = Object.values(OPERATIONS)
  const total = all.reduce((sum, { weight }) => sum + weight * 2, 0)
  for (;;) {
    let ticket = random.below(total)
    for (const { weight, choose } of all) {
      ticket -= weight * 2
      if (ticket >= 0) continue
      const step = choose(random, model, actor)
      if (step) return step
      break
    }
  }
}

/** Whether the image has room for a step, which may have been chosen after other steps. */
export function isPossible(step: Step, model: Model): boolean {
  const { size, row, snapshots, bitmaps } = model
  if ('at' in step) return step.at + step.length <= size
  switch (step.do) {
    case 'snapshot':
      return !snapshots.has(step.name) && snapshots.size < snapshotRoom(model)
    case 'bitmap add':
      return row.compat === '1.1' && !bitmaps.has(step.name)
    case 'apply':
    case 'remove':
      return snapshots.has(step.name)
    case 'resize':
      return step.from === size && (row.compat === '1.1' || snapshots.size === 0)
    case 'amend':
      return step.compat === undefined
        ? row.compat === '1.1'
        : step.compat !== row.compat && [...snapshots.values()].every(({ length }) => length === size)
    case 'bitmap merge':
      return bitmaps.has(step.name) && bitmaps.has(step.from)
    default:
      return bitmaps.has(step.name)
  }
}

/** Snapshots that counts of the image's width have room for: narrow ones soon run out, sooner where packed clusters share a host cluster. */
function snapshotRoom({ row }: Model): number {
  if (row.data !== 'inside') return 0
  if (row.packs !== 'nothing' && row.refcountBits < 16) return row.refcountBits === 8 ? 1 : 0
  // Going back to one counts its clusters once more before the state that goes is uncounted.
  return Math.min(MAX_SNAPSHOTS, 2 ** row.refcountBits - 3)
}

function range(random: Random, { size, row }: Model): { at: number; length: number } {
  const unit = [1, 512, row.extendedL2 ? row.clusterSize / 32 : row.clusterSize, row.clusterSize][random.below(4)]!
  const at = Math.floor(random.below(size) / unit) * unit
  const most = [4096, row.clusterSize * 2, size / 4][random.below(3)]!
  const length = Math.ceil((1 + random.below(most)) / unit) * unit
  return { at, length: Math.min(length, size - at) }
}

function resize(random: Random, { size, row, snapshots }: Model, direction: number): Step | undefined {
  if (row.compat === '0.10' && snapshots.size > 0) return undefined
  const unit = random.below(3) === 0 ? row.clusterSize : 512
  const by = 512 * (1 + random.below(Math.max(size / 2, row.clusterSize * 2) / 512))
  const to = Math.round((size + by * direction) / unit) * unit
  return to < 65536 || to > LARGEST || (to - size) * direction <= 0 ? undefined : { do: 'resize', from: size, to }
}

function one(random: Random, from: ReadonlyMap<string, unknown>): string | undefined {
  return [...from.keys()][random.below(from.size)]
}
