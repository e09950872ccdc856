import { StrataError } from '../../shared/errors.ts'
import { viewOf } from '../base/bytes.ts'

/** RFC 8878 section 3.1.1 and 3.1.2 */
const MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const SKIPPABLE_MASK = 0xfffffff0
const RLE_BLOCK = 1
const COMPRESSED_BLOCK = 2
const RESERVED_BLOCK = 3
const MAX_BLOCK_BITS = 17
const MIN_WINDOW_BITS = 10

/** QEMU writes at zstd's own usual level. */
export const USUAL_LEVEL = 3

/** A cluster of countless frames that give next to nothing would take minutes to read: at least so much each of them must give on average. */
const BYTES_PER_FRAME = 512
/** A small cluster may have as many frames all the same. */
const MIN_FRAMES = 16

/** One frame of a stream. */
export interface Frame {
  /** the frame alone, made safe: its decoder needs no more memory than the output it may give */
  bytes: Uint8Array
  /** bytes of output, more than 0, where the headers tell */
  contentSize: number | undefined
}

/**
 * Unpacks frames until `into` is full, each by `decode`, which gives at most `most` bytes or throws. As in QEMU, what follows the last
 * frame needed is ignored, and a frame that gives more than there is room for is damaged.
 */
export function unpackFrames(stream: Uint8Array, into: Uint8Array, decode: (frame: Frame, most: number) => Uint8Array): void {
  let done = 0
  let frames = Math.max(MIN_FRAMES, Math.floor(into.length / BYTES_PER_FRAME))
  for (let at = 0; done < into.length;) {
    if (at >= stream.length) throw corrupt(`it ends after ${done} of ${into.length} bytes`)
    const most = into.length - done
    const { frame, end } = frameAt(stream, at, most)
    at = end
    if (!frame) continue
    if (frames-- === 0) throw corrupt('it is cut into too many frames')
    const plain = decoded(frame, most, decode)
    into.set(plain, done)
    done += plain.length
  }
}

function decoded(frame: Frame, most: number, decode: (frame: Frame, most: number) => Uint8Array): Uint8Array {
  try {
    return decode(frame, most)
  } catch (error) {
    throw corrupt(`a frame cannot be decoded, or gives more than the ${most} bytes that are due`, error)
  }
}

/** The frame at `at` of a stream, none where it gives nothing, and where it ends: headers say so, and nothing is decoded for it. */
function frameAt(stream: Uint8Array, at: number, most: number): { frame?: Frame; end: number } {
  const view = viewOf(stream)
  const need = (end: number): number => {
    if (end > stream.length) throw corrupt('it ends inside a frame')
    return end
  }
  need(at + 8)
  const magic = view.getUint32(at, true)
  if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC) return { end: need(at + 8 + view.getUint32(at + 4, true)) }
  if (magic !== MAGIC) throw corrupt('a frame does not begin with the magic number')

  const descriptor = stream[at + 4]!
  const single = (descriptor & 0x20) !== 0
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const sizeAt = at + (single ? 5 : 6) + [0, 1, 2, 4][descriptor & 3]!
  let end = need(sizeAt + sizeBytes)
  const told = sizeBytes === 0 ? undefined : contentSizeAt(view, sizeAt, sizeBytes)
  /** what the blocks give, which is not known once one of them is compressed */
  let given: number | undefined = 0
  for (let last = false; !last;) {
    const header = need(end + 3) && stream[end]! | (stream[end + 1]! << 8) | (stream[end + 2]! << 16)
    const type = (header >> 1) & 3
    if (type === RESERVED_BLOCK) throw corrupt('a block has a reserved type')
    last = (header & 1) !== 0
    given = type === COMPRESSED_BLOCK || given === undefined ? undefined : given + (header >> 3)
    end = need(end + 3 + (type === RLE_BLOCK ? 1 : header >> 3))
  }
  if (descriptor & 4) end = need(end + 4)
  if (told !== undefined && (given ?? told) !== told) throw corrupt(`a frame of ${told} bytes gives ${given}`)
  if (given === 0) return { end }
  const contentSize = told ?? given
  if (contentSize === 0) throw corrupt('a frame of no bytes gives some')
  if (contentSize !== undefined && contentSize > most) throw corrupt(`it gives ${contentSize} bytes, and ${most} are due`)
  const bytes = stream.subarray(at, end)
  return { frame: { bytes: single ? bytes : withWindow(bytes, most), contentSize }, end }
}

function contentSizeAt(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at)
  if (bytes === 2) return view.getUint16(at, true) + 256
  return view.getUint32(at, true) + (bytes === 8 ? view.getUint32(at + 4, true) * 2 ** 32 : 0)
}

/**
 * The frame with a window no larger than its output can use: a decoder sets the window aside before it looks further, and a frame of a few
 * bytes may ask for gigabytes.
 */
function withWindow(frame: Uint8Array, most: number): Uint8Array {
  const bits = Math.max(MAX_BLOCK_BITS, Math.ceil(Math.log2(most)))
  const descriptor = (bits - MIN_WINDOW_BITS) << 3
  if (frame[5]! <= descriptor) return frame
  const bounded = frame.slice()
  bounded[5] = descriptor
  return bounded
}

function corrupt(detail: string, cause?: unknown): StrataError {
  return new StrataError('CORRUPT', `Compressed data is damaged: ${detail}`, {}, undefined, cause)
}
