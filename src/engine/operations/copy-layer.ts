import { isZero } from '../base/bytes.ts'
import type { Job } from '../base/job.ts'
import type { Disk } from '../device/disk.ts'
import { writePacked } from './write-packed.ts'

/** Guest bytes read and written at once, at least. */
const PIECE = 2 * 2 ** 20

/** A guest range that one layer holds. */
export interface LayerPiece {
  at: number
  length: number
  /** reads as zeros, as the layer's map or a hole in its file says */
  zero: boolean
}

export interface CopyLayerOptions {
  /** what is zeros must be said to be, because something lies below */
  hide: boolean
  compress?: boolean
}

/** The ranges that the top layer of a disk holds, in order: zeros of any length, the rest in pieces on a grid of at least 2 MiB. */
export function* layerPieces({ driver, size }: Disk, grain: number): Generator<LayerPiece> {
  const most = Math.max(PIECE, grain)
  for (let at = 0; at < size;) {
    const extent = driver.locate(at, size - at)
    if (extent.kind === 'below') {
      at += extent.length
      continue
    }
    if (extent.kind === 'zero') {
      yield { at, length: extent.length, zero: true }
      at += extent.length
      continue
    }
    const border = Math.min(size, at - (at % most) + most)
    let end = Math.min(border, at + extent.length)
    while (end < border) {
      const next = driver.locate(end, border - end)
      if (next.kind === 'below' || next.kind === 'zero') break
      end += next.length
    }
    yield { at, length: end - at, zero: false }
    at = end
  }
}

/** Copies what the top layer of `from` holds into the empty layer `to`; answers with the bytes that were found to be zeros by reading. */
export function copyLayer(from: Disk, to: Disk, { hide, compress = false }: CopyLayerOptions, job: Job): number {
  const { driver } = to
  const unit = (compress ? driver.packGrain : undefined) ?? Math.max(driver.grain, 4096)
  const buffer = new Uint8Array(Math.max(PIECE, unit))
  const phase = compress ? 'Compressing' : 'Copying'
  let zeros = 0
  const leaveOut = (at: number, length: number): void => {
    if (hide) to.zeroAt(at, length)
  }
  for (const { at, length, zero } of layerPieces(from, unit)) {
    job.checkpoint()
    job.report({ phase, done: at, total: from.size })
    if (zero) {
      leaveOut(at, length)
      continue
    }
    const bytes = buffer.subarray(0, length)
    from.readAt(at, bytes)
    for (let done = 0; done < length;) {
      const part = bytes.subarray(done, done + unit - ((at + done) % unit))
      if (isZero(part)) {
        zeros += part.length
        leaveOut(at + done, part.length)
      } else if (compress) writePacked(to, at + done, part)
      else to.writeAt(at + done, part)
      done += part.length
    }
  }
  return zeros
}
