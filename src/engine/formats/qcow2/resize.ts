import type { ResizeFacet } from '../driver.ts'
import { assertGrowable, grow } from './grow.ts'
import type { Image } from './image.ts'
import { assertShrinkable, shrink } from './shrink.ts'

/** How the disk of an image changes its size. */
export function resizeFacet(image: Image): ResizeFacet {
  return {
    assertGrowable: (size) => assertGrowable(image, size),
    grow: (size, preallocation, hidden, job) => {
      image.touch()
      grow(image, size, preallocation, hidden, job)
    },
    assertShrinkable: (size) => assertShrinkable(image, size),
    shrink: (size, job) => shrink(image, size, job),
  }
}
