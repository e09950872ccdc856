import { describe, expect, it } from 'vitest'
import { CHUNK, MARK, ReferenceTally } from '../../../../../src/engine/formats/qcow2/reference-tally.ts'
import { Random } from '../../../../fixtures/random.ts'

describe('a tally of references', () => {
  it('counts what a plain map would count, few and many, near and far', () => {
    const random = new Random(3)
    const tally = new ReferenceTally()
    const model = new Map<number, number>()
    const places = [0, 1, 62, 63, CHUNK - 1, CHUNK, 5 * CHUNK + 7, 2 ** 20 + 3, 2 ** 31 - 2]
    for (let i = 0; i < 5000; i++) {
      const cluster = places[random.below(places.length)]!
      if (random.below(4) === 0 && (model.get(cluster) ?? 0) > 0) {
        tally.remove(cluster)
        model.set(cluster, model.get(cluster)! - 1)
      } else {
        tally.add(cluster)
        model.set(cluster, (model.get(cluster) ?? 0) + 1)
      }
    }
    for (const [cluster, count] of model) expect(tally.get(cluster), `cluster ${cluster}`).toBe(count)
    expect(tally.get(2)).toBe(0)
    expect(tally.end).toBe(2 ** 31 - 1)
  })

  it('is empty at first', () => {
    const tally = new ReferenceTally()
    expect([tally.end, tally.get(17), tally.next(0, 1000)]).toEqual([0, 0, 1000])
  })

  it('leads from one place that is referred to to the next, over any gap', () => {
    const tally = new ReferenceTally()
    const chunks = [0, 3, 300, 70_000]
    for (const chunk of chunks) tally.add(chunk * CHUNK + 5)
    const seen: number[] = []
    const end = tally.end
    for (let at = tally.next(0, end); at < end; at = tally.next(at + CHUNK - (at % CHUNK), end)) seen.push(at / CHUNK)
    expect(seen).toEqual(chunks)
  })

  it('keeps marks apart from counts, and reads both in bulk', () => {
    const tally = new ReferenceTally()
    for (let i = 0; i < 100; i++) tally.add(8, i === 50 ? MARK.shared : MARK.none)
    tally.add(9, MARK.exclusive)
    const counts = new Uint32Array(4)
    const marks = new Uint8Array(4)
    tally.read(7, 4, counts, marks)
    expect([...counts]).toEqual([0, 100, 1, 0])
    expect([...marks]).toEqual([0, MARK.shared, MARK.exclusive, 0])
    tally.read(CHUNK, 4, counts, marks)
    expect([...counts]).toEqual([0, 0, 0, 0])
  })

  it('tells a chunk whose clusters each have an owner of their own', () => {
    const tally = new ReferenceTally()
    for (let cluster = 0; cluster < CHUNK - 1; cluster++) tally.add(cluster, MARK.exclusive)
    expect(tally.isOwned(0)).toBe(false)
    tally.add(CHUNK - 1, MARK.exclusive)
    expect(tally.isOwned(0)).toBe(true)
    tally.add(4)
    expect(tally.isOwned(0)).toBe(false)
    expect(tally.isOwned(CHUNK)).toBe(false)
  })
})
