import { describe, expect, it } from 'vitest'
import { MapCells } from '../../src/renderer/src/lib/map-cells.ts'

describe('the cells of a map', () => {
  it('come in several answers', () => {
    const cells = new MapCells(6)
    cells.take({ cells: [2, 100, 0, 0, 0] })
    expect(cells.known).toBe(2)
    cells.take({ cells: [1, 0, 60, 0, 0, 1, 0, 0, 100, 0, 1, 40, 0, 0, 2, 1, 0, 0, 0, -1] })
    expect(cells.known).toBe(6)
    expect([0, 1, 2, 3, 4, 5].map((i) => cells.kind(i))).toEqual(['data', 'data', 'packed', 'zero', 'below', 'hole'])
    expect(cells.sums(100, 550)).toEqual({ data: 200, packed: 60, below: 40, zero: 100, hole: 150 })
  })

  it('show a lone cluster among zeros', () => {
    const cells = new MapCells(1)
    cells.take({ cells: [1, 1, 0, 999_999, 0] })
    expect(cells.kind(0)).toBe('data')
  })

  it('take no more than there is room for', () => {
    const cells = new MapCells(3)
    cells.take({ cells: [10, 5, 0, 0, 0, 4, 7, 0, 0, 0] })
    expect(cells.known).toBe(3)
    expect([...cells.data]).toEqual([5, 5, 5])
  })
})
