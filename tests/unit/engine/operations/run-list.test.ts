import { describe, expect, it } from 'vitest'
import { RunList } from '../../../../src/engine/operations/run-list.ts'
import { Random } from '../../../fixtures/random.ts'

const MOST = 2 ** 20

interface Run {
  at: number
  length: number
  tag: number
}

function listed(list: RunList, from: number, to: number): Run[] {
  const runs: Run[] = []
  list.each(from, to, (at, length, tag) => void runs.push({ at, length, tag }))
  return runs
}

/** Random runs, no two alike beside each other, and a list of them. */
function filled(count: number, random = new Random(count)): { runs: Run[]; list: RunList } {
  const list = new RunList(MOST)
  const runs: Run[] = []
  for (let at = 0, tag = 0; runs.length < count;) {
    tag = (tag + 1 + random.below(250)) % 255
    const length = random.below(50) === 0 ? 2 ** 40 + random.below(1000) : random.length(2 ** 22)
    if (runs.at(-1)?.tag === tag) continue
    runs.push({ at, length, tag })
    list.add(length, tag)
    at += length
  }
  return { runs, list }
}

it.each([0, 1, 2, 4095, 4096, 4097, 20_000])('keeps %i runs as they are', (count) => {
  const { runs, list } = filled(count)
  expect(list.end).toBe(runs.reduce((sum, { length }) => sum + length, 0))
  expect(listed(list, 0, list.end)).toEqual(runs)
})

it('finds the runs that touch a range', () => {
  const { runs, list } = filled(20_000)
  const random = new Random(9)
  for (let i = 0; i < 100; i++) {
    const { at, length } = runs[random.below(runs.length)]!
    const from = at + random.below(length)
    const to = Math.min(list.end, from + 1 + random.below(2 ** 24))
    expect(listed(list, from, to)).toEqual(runs.filter((run) => run.at < to && run.at + run.length > from))
  }
})

it('joins what is alike', () => {
  const list = new RunList(MOST)
  for (let i = 0; i < 100_000; i++) list.add(512, 3)
  expect(listed(list, 0, list.end)).toEqual([{ at: 0, length: 51_200_000, tag: 3 }])
})

it('takes about four bytes for a run of one cluster', () => {
  const list = new RunList(2 ** 26)
  for (let i = 0; i < 1_000_000; i++) list.add(65536, i % 2)
  expect(list.size).toBeLessThanOrEqual(2 ** 22)
})

describe('a list that is full', () => {
  /** Bytes of each tag in each block, as one text a block. */
  function blocks(runs: readonly Run[], grain: number): string[] {
    const sums: number[][] = []
    for (const { at, length, tag } of runs)
      for (let from = at; from < at + length;) {
        const block = Math.floor(from / grain)
        const to = Math.min(at + length, (block + 1) * grain)
        const sum = (sums[block] ??= [0, 0, 0])
        sum[tag]! += to - from
        from = to
      }
    return sums.map((sum) => sum.join())
  }

  it('keeps what each block holds, in bounded memory', () => {
    let list = new RunList(2 ** 16)
    const random = new Random(3)
    const runs: Run[] = []
    const grains = new Set<number>()
    for (let at = 0; runs.length < 200_000;) {
      const run = { at, length: 512 * (1 + random.below(3)), tag: random.below(10) === 0 ? 2 : runs.length % 2 }
      if (list.full) list = list.coarser()
      list.add(run.length, run.tag)
      runs.push(run)
      grains.add(list.grain)
      at += run.length
    }
    expect(list.next).toBe(runs.at(-1)!.at + runs.at(-1)!.length)
    list.endBlock()
    expect(list.end).toBe(list.next)
    expect(list.size).toBeLessThanOrEqual(2 ** 16)
    expect(grains.size).toBeGreaterThan(2)
    expect(Math.log2(list.grain) % 1).toBe(0)
    expect(blocks(listed(list, 0, list.end), list.grain)).toEqual(blocks(runs, list.grain))
  })

  it('knows a block only when it has ended', () => {
    const list = new RunList(2 ** 16, 4096)
    list.add(4000, 1)
    expect([list.end, list.next]).toEqual([0, 4000])
    list.add(200, 2)
    expect([list.end, list.next]).toEqual([4096, 4200])
    list.endBlock()
    expect(listed(list, 0, list.end)).toEqual([
      { at: 0, length: 4000, tag: 1 },
      { at: 4000, length: 200, tag: 2 },
    ])
  })
})

it('keeps ten million runs in 64 MiB, and looks at a part of them without passing the rest', () => {
  const [count, length] = [10_000_000, 4096]
  const list = new RunList(64 * 2 ** 20)
  for (let i = 0; i < count; i++) list.add(length, i % 2)
  expect(list.end).toBe(count * length)
  expect(list.full).toBe(false)
  expect(list.size).toBeLessThanOrEqual(64 * 2 ** 20)
  for (const from of [0, 5_000_000 * length, (count - 2000) * length]) {
    let visited = 0
    let bytes = 0
    list.each(from, from + 2000 * length, (_at, run) => {
      visited++
      bytes += run
    })
    expect({ visited, bytes }).toEqual({ visited: 2000, bytes: 2000 * length })
  }
})
