import { expect, it } from 'vitest'
import { CHANGE_CELLS, ChangePicture } from '../../src/renderer/src/lib/change-picture.ts'

it('sums what differs by cell and by partition, and a range that two answers share is one place', () => {
  const size = CHANGE_CELLS * 1000
  const picture = new ChangePicture(size, [
    { index: 1, start: 500, length: 1000, type: '', active: false },
    { index: 2, start: 5000, length: 1000, type: '', active: false },
  ])
  picture.add([0, 1200])
  picture.add([1200, 100, size - 10, 10])
  expect([picture.bytes, picture.places]).toEqual([1310, 2])
  expect([...picture.cells].flatMap((bytes, at) => (bytes > 0 ? [[at, bytes]] : []))).toEqual([
    [0, 1000],
    [1, 300],
    [CHANGE_CELLS - 1, 10],
  ])
  expect(picture.partitions.map(({ partition, bytes }) => [partition.index, bytes])).toEqual([[1, 800]])
})
