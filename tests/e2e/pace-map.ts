import { execFileSync } from 'node:child_process'
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'

const CLUSTER = 65536
const TABLES = 1280
const ENTRIES = CLUSTER / 8
/** Runs of the image that `manyRuns` makes. */
export const MANY_RUNS = TABLES * ENTRIES
/** Frames of each kind of movement. */
const FRAMES = 60

/**
 * A disk of 640 GiB whose clusters are zeros and nothing in turn: more than ten million runs. One table of its map stands for every part of
 * the disk, so that the file is small; to look at, it is as any other.
 */
export function manyRuns(folder: string, name: string): void {
  const path = join(folder, name)
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(MANY_RUNS * CLUSTER)])
  const file = openSync(path, 'r+')
  const at = Math.ceil(fstatSync(file).size / CLUSTER) * CLUSTER
  const table = Buffer.alloc(CLUSTER)
  for (let entry = 0; entry < ENTRIES; entry += 2) table.writeBigUInt64BE(1n, entry * 8)
  writeSync(file, table, 0, CLUSTER, at)
  const place = Buffer.alloc(8)
  readSync(file, place, 0, 8, 40)
  const l1 = Buffer.alloc(TABLES * 8)
  for (let entry = 0; entry < TABLES; entry++) l1.writeBigUInt64BE(BigInt(at), entry * 8)
  writeSync(file, l1, 0, l1.length, Number(place.readBigUInt64BE()))
  closeSync(file)
}

/** Milliseconds of each frame while the map that is shown is zoomed and moved with the wheel, a step a frame: a turn in, along, and out. */
export async function mapFrames(win: Page): Promise<Record<'nearer' | 'along' | 'farther', number[]>> {
  const picture = win.getByRole('slider', { name: /^Map of the disk/ })
  const turn = (deltaY: number, shiftKey: boolean): Promise<number[]> =>
    picture.evaluate(
      (element, wheel) =>
        new Promise<number[]>((resolve) => {
          const box = element.getBoundingClientRect()
          const clientX = box.x + box.width / 3
          const frames: number[] = []
          let last: number | undefined
          const step = (now: number): void => {
            if (last !== undefined) frames.push(now - last)
            last = now
            if (frames.length === wheel.frames) return resolve(frames)
            element.dispatchEvent(
              new WheelEvent('wheel', { ...wheel, clientX, clientY: box.y + box.height / 2, bubbles: true, cancelable: true }),
            )
            requestAnimationFrame(step)
          }
          requestAnimationFrame(step)
        }),
      { deltaY, shiftKey, frames: FRAMES },
    )
  return { nearer: await turn(-100, false), along: await turn(100, true), farther: await turn(100, false) }
}
