import { alignDown, alignUp } from '../base/ints.ts'
import type { Disk } from '../device/disk.ts'

/** Makes a range read as zeros. Only what does not yet is touched: a huge empty run shall not cost a map of its own. */
export function makeZero(to: Disk, at: number, length: number): void {
  const { grain } = to.driver
  for (const run of to.runs(at, length)) {
    if (run.kind === 'zero') continue
    const start = Math.max(at, alignDown(run.at, grain))
    to.zeroAt(start, Math.min(at + length, alignUp(run.at + run.length, grain)) - start)
  }
}
