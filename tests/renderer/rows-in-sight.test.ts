import { expect, test } from 'vitest'
import { rowsInSight } from '../../src/renderer/src/lib/rows-in-sight.ts'

test('of thousands of rows, those in sight and a few around them are drawn', () => {
  expect(rowsInSight(2000, 50, 0, { top: 0, bottom: 500 }, 3)).toEqual({ from: 0, to: 13 })
  expect(rowsInSight(2000, 50, 100, { top: 5120, bottom: 5600 }, 3)).toEqual({ from: 97, to: 113 })
  expect(rowsInSight(2000, 50, 0, { top: 99_600, bottom: 100_100 }, 3)).toEqual({ from: 1989, to: 2000 })
  expect(rowsInSight(20, 50, 9000, { top: 0, bottom: 500 }, 3)).toEqual({ from: 0, to: 0 })
  expect(rowsInSight(20, 50, 0, { top: 9000, bottom: 9500 }, 3)).toEqual({ from: 20, to: 20 })
})
