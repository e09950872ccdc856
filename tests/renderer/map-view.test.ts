import { describe, expect, it } from 'vitest'
import { cellCount, cellPitch, cellRange, panned, parseOffset, viewOf, zoomed } from '../../src/renderer/src/lib/map-view.ts'

const KIB = 1024
const TIB = 2 ** 40
const large = { size: TIB, cluster: 64 * KIB, cells: 4000 }

describe('the view of a map', () => {
  it('shows the whole disk in whole clusters a cell', () => {
    const view = viewOf(large, 0, TIB)
    expect(view.start).toBe(0)
    expect(view.length).toBe(TIB)
    expect(view.cellSize % large.cluster).toBe(0)
    expect(cellCount(view)).toBeLessThanOrEqual(large.cells)
  })

  it('ends with the disk, in a shorter cell', () => {
    const view = viewOf({ size: 130 * KIB, cluster: 64 * KIB, cells: 100 }, 0, 130 * KIB)
    expect(cellCount(view)).toBe(3)
    expect(cellRange(view, 2)).toEqual({ start: 128 * KIB, length: 2 * KIB })
  })

  it('keeps the place that is pointed at while it comes nearer, down to one cluster a cell and no further', () => {
    const anchor = 700 * 2 ** 30 + 12345
    let view = viewOf(large, 0, TIB)
    for (let turn = 0; turn < 60; turn++) {
      view = zoomed(large, view, 1.5, anchor)
      expect(view.start).toBeLessThanOrEqual(anchor)
      expect(view.start + view.length).toBeGreaterThan(anchor)
    }
    expect(view.cellSize).toBe(large.cluster)
    for (let turn = 0; turn < 60; turn++) view = zoomed(large, view, 1 / 1.5, anchor)
    expect(view).toEqual(viewOf(large, 0, TIB))
  })

  it('does not leave the disk', () => {
    const near = viewOf(large, TIB / 2, 2 ** 30)
    expect(panned(large, near, -Infinity).start).toBe(0)
    const end = panned(large, near, Infinity)
    expect(end.start + end.length).toBe(TIB)
    expect(panned(large, near, 3).start).toBe(near.start + 3 * near.cellSize)
  })

  it('is empty for an empty disk', () => {
    expect(cellCount(viewOf({ size: 0, cluster: 4096, cells: 10 }, 0, 0))).toBe(0)
  })
})

it.each([
  [900, 216, 1024],
  [900, 216, 2300],
  [300, 216, 500],
])('%d × %d pixels have room for %d cells', (width, height, cells) => {
  const pitch = cellPitch(width, height, cells)
  expect(Math.floor(width / pitch) * Math.floor(height / pitch)).toBeGreaterThanOrEqual(cells)
})

it('cells that have no room are as small as can be, and a single one is not huge', () => {
  expect(cellPitch(900, 216, 10_000_000)).toBe(9)
  expect(cellPitch(900, 216, 1)).toBe(24)
})

it.each([
  ['0x10000', 65536],
  ['1.5G', 1.5 * 2 ** 30],
  ['2 TiB', 2 * TIB],
  ['512', 512],
  ['1,5k', 1536],
  ['', undefined],
  ['-1', undefined],
  ['0xZZ', undefined],
  ['99999999999999999999', undefined],
])('the offset %j is %d', (text, offset) => {
  expect(parseOffset(text)).toBe(offset)
})
