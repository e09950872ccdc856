import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { unwatched } from '../../src/engine/base/job.ts'
import type { Platform } from '../../src/engine/device/platform.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { nodeFileSystem } from '../../src/engine/io/file-system.node.ts'
import { create } from '../../src/engine/operations/create.ts'
import { native, portable } from '../fixtures/platform.ts'
import { hasProgram } from '../fixtures/programs.ts'
import { Random } from '../fixtures/random.ts'
import { codeOf } from '../fixtures/thrown.ts'
import { words } from '../fixtures/words.ts'

const gate = { kind: 'follow' } as const
const CLUSTER = 65536
const PLAIN = words(CLUSTER)
const { constants } = zlib

const folder = mkdtempSync(join(tmpdir(), 'strata-zstd-'))
afterAll(() => rmSync(folder, { recursive: true }))

function frame(plain: Uint8Array, { checksum = false, size = true, windowBits = 0 } = {}): Buffer {
  const params = {
    [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
    [constants.ZSTD_c_contentSizeFlag]: size ? 1 : 0,
    ...(windowBits && { [constants.ZSTD_c_windowLog]: windowBits }),
  }
  return zlib.zstdCompressSync(plain, { params })
}

/** An image whose first cluster is packed, and holds `stream` instead of what was packed. */
function imageWith(stream: Uint8Array): string {
  const path = join(folder, 'disk.qcow2')
  const platform: Platform = { files: nodeFileSystem, ...native }
  const qcow2 = { compressionType: 'zstd' } as const
  create(
    platform,
    { path, format: 'qcow2', size: CLUSTER * 4, qcow2, overwrite: true },
    { gate, job: unwatched },
    { staged() {}, settled() {} },
  )
  const disk = openDisk(platform, path, { gate, writable: true })
  disk.writePacked(0, disk.driver.codec!.pack(PLAIN)!)
  disk.close()
  const fd = openSync(path, 'r+')
  const word = (at: number): Buffer => {
    const bytes = Buffer.alloc(8)
    readSync(fd, bytes, 0, 8, at)
    return bytes
  }
  const l1 = Number(word(40).readBigUInt64BE())
  const l2 = Number(word(l1).readBigUInt64BE() & 0x00ff_ffff_ffff_fe00n)
  const host = statSync(path).size
  truncateSync(path, host + 3 * CLUSTER)
  writeSync(fd, stream, 0, stream.length, host)
  // Section "Compressed Clusters Descriptor": with clusters of 64 KiB the count of further sectors begins at bit 54.
  const entry = (1n << 62n) | (BigInt(Math.ceil(stream.length / 512) - 1) << 54n) | BigInt(host)
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(entry)
  writeSync(fd, bytes, 0, 8, l2)
  closeSync(fd)
  return path
}

const skippable = Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0]), Buffer.from('skip')])
const whole = frame(PLAIN)
const halves = [frame(PLAIN.subarray(0, 30_000)), frame(PLAIN.subarray(30_000))]
const more = Buffer.concat([PLAIN, words(CLUSTER, 2)])
const flipped = (stream: Buffer, at: number): Buffer => {
  const copy = Buffer.from(stream)
  copy[at]! ^= 0x55
  return copy
}

const GOOD: [what: string, stream: Buffer][] = [
  ['one frame', whole],
  ['a frame that does not say its size', frame(PLAIN, { size: false })],
  ['a frame with a checksum', frame(PLAIN, { checksum: true })],
  ['a frame with a window of 128 MiB', frame(PLAIN, { size: false, windowBits: 27 })],
  ['two frames', Buffer.concat(halves)],
  ['an empty frame before the frame', Buffer.concat([frame(new Uint8Array()), whole])],
  ['a frame to skip before the frame', Buffer.concat([skippable, whole])],
  ['noise after the frame', Buffer.concat([whole, new Random(5).bytes(700)])],
  ['another frame after the frame', Buffer.concat([whole, whole])],
]
const BAD: [what: string, stream: Buffer][] = [
  ['a frame of one byte more', frame(more.subarray(0, CLUSTER + 1))],
  ['a frame of one byte more that does not say so', frame(more.subarray(0, CLUSTER + 1), { size: false })],
  ['a frame of two clusters', frame(more)],
  ['two frames that give one byte more', Buffer.concat([halves[0]!, frame(more.subarray(30_000, CLUSTER + 1))])],
  ['a frame of one byte less', frame(PLAIN.subarray(1))],
  ['a frame of one byte less, and noise', Buffer.concat([frame(PLAIN.subarray(1)), new Random(5).bytes(700)])],
  ['the first of two frames', halves[0]!],
  ['a frame cut off', whole.subarray(0, whole.length / 2)],
  ['a frame without its checksum', Buffer.concat([frame(PLAIN, { checksum: true }).subarray(0, -4), Buffer.alloc(4)])],
  ['a frame with a wrong byte and a checksum', flipped(frame(PLAIN, { checksum: true }), 5000)],
  ['a frame that only skips, to the end and beyond', Buffer.concat([skippable.subarray(0, 4), Buffer.alloc(508, 0xff)])],
  ['deflate', zlib.deflateRawSync(PLAIN)],
  ['zeros', Buffer.alloc(1024)],
  ['noise', Buffer.from(new Random(6).bytes(1024))],
  ['a bomb', frame(new Uint8Array(2 ** 28))],
  ['a bomb that does not say its size', frame(new Uint8Array(2 ** 28), { size: false })],
]

/** What a reader makes of the first cluster, twice: all of it, and then a few bytes in the middle. */
function read(path: string, parts: typeof native | typeof portable): Uint8Array {
  const disk = openDisk({ files: nodeFileSystem, ...parts }, path, { gate })
  try {
    const bytes = new Uint8Array(CLUSTER)
    disk.readAt(0, bytes)
    const few = new Uint8Array(10)
    disk.readAt(1000, few)
    expect(few).toEqual(bytes.subarray(1000, 1010))
    return bytes
  } finally {
    disk.close()
  }
}

const hasQemu = hasProgram('qemu-io')

/** Whether QEMU can read the first cluster. */
function qemuReads(path: string): boolean {
  try {
    execFileSync('qemu-io', ['-r', '-f', 'qcow2', '-c', `read 0 ${CLUSTER}`, path], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

describe.each([
  ['native', native],
  ['portable', portable],
] as const)('a cluster packed with zstd, read by the %s codec', (_name, parts) => {
  it.each(GOOD)('of %s is read', (_what, stream) => {
    expect(Buffer.compare(read(imageWith(stream), parts), PLAIN)).toBe(0)
  })

  it.each(BAD)('of %s is damaged, and says where', (_what, stream) => {
    const path = imageWith(stream)
    const before = process.memoryUsage().rss
    expect(codeOf(() => read(path, parts))).toBe('CORRUPT')
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20)
  })
})

describe.skipIf(!hasQemu)('QEMU agrees (needs qemu-utils)', () => {
  it.each(GOOD)('that %s is read', (_what, stream) => {
    const path = imageWith(stream)
    expect(qemuReads(path)).toBe(true)
  })

  it.each(BAD)('that %s is damaged', (_what, stream) => {
    expect(qemuReads(imageWith(stream))).toBe(false)
  })
})
