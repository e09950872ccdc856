import { StrataError } from '../../shared/errors.ts'
import { sameBytes } from '../base/bytes.ts'
import type { Job } from '../base/job.ts'
import type { Disk } from '../device/disk.ts'
import type { CopySource } from './copy-source.ts'

/** Guest bytes compared at once. */
const PIECE = 2 * 2 ** 20

/** Reads a copy through its own tables and throws `IO` at the first byte that is not what the source reads; what both know as zeros is not read. */
export function assertSameContent(from: CopySource, made: Disk, job: Job): void {
  const mine = new Uint8Array(PIECE)
  const other = new Uint8Array(PIECE)
  const total = from.size
  for (let at = 0; at < total;) {
    job.checkpoint()
    job.report({ phase: 'Comparing', done: at, total })
    const [old] = from.runs(at, total - at)
    const [now] = made.runs(at, total - at)
    if (!old || !now) throw differs(made, at)
    let length = Math.min(old.length, now.length)
    if (old.kind !== 'zero' || now.kind !== 'zero') {
      length = Math.min(length, PIECE)
      const [a, b] = [mine.subarray(0, length), other.subarray(0, length)]
      from.readAt(at, a)
      made.readAt(at, b)
      if (!sameBytes(a, b)) throw differs(made, at + a.findIndex((byte, index) => byte !== b[index]))
    }
    at += length
  }
}

function differs({ path }: Disk, offset: number): StrataError {
  return new StrataError(
    'IO',
    'The copy does not read as its source',
    { path, offset },
    'The copy was thrown away and the source is as it was. Try again; if it happens again, suspect the drive or the memory.',
  )
}
