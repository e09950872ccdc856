import type { Storage } from '../../io/storage.ts'
import { BLOCK, RoomGiven } from '../../io/room-given.ts'
import type { CompactFacet } from '../driver.ts'

/** Zeros of a raw disk become holes of its file. */
export function compactFacet(storage: Storage, writable: boolean): CompactFacet {
  const room = new RoomGiven(storage)
  return {
    hides: true,
    next(from) {
      for (let at = from; at < storage.size;) {
        const run = room.written.run(at, storage.size - at)
        // A run of written bytes may begin anywhere; what is before it in its block is a hole, and reads as zeros too.
        if (run.written)
          return { at: at - (at % BLOCK), length: toBlock(at + run.length, storage) - (at - (at % BLOCK)), unit: BLOCK, zero: false }
        at += run.length
      }
      return undefined
    },
    roomOf: (at, length) => room.give(at, Math.max(0, Math.min(length, storage.size - at))),
    spare: () => 0,
    ...(writable && {
      giving: {
        giveBack(at, length) {
          storage.zeroAt(at, Math.min(length, storage.size - at))
          return length
        },
        flush: () => storage.flush(),
        trim: () => {},
      },
    }),
  }
}

function toBlock(end: number, { size }: Storage): number {
  return Math.min(size, end + ((BLOCK - (end % BLOCK)) % BLOCK))
}
