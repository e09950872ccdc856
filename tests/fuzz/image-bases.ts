import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Qcow2Options } from '../../src/shared/model.ts'
import { StrataError } from '../../src/shared/errors.ts'
import type { CryptoProvider } from '../../src/engine/crypto/crypto-provider.ts'
import { openDisk } from '../../src/engine/device/open.ts'
import { type CallContext, createEngine, unwatched } from '../../src/engine/index.ts'
import { MemorySystem } from '../../src/engine/io/memory-system.ts'
import { GuestDisk, writeGpt } from '../fixtures/guest-disk.ts'
import { native } from '../fixtures/platform.ts'
import { Random } from '../fixtures/random.ts'

/** A sound image to be changed, and the files that it names. */
export interface ImageBase {
  name: string
  image: Buffer
  beside: ReadonlyMap<string, Buffer>
}

/** Where the image of a case stands. */
export const IMAGE = '/disk'
const PASSPHRASE = 'correct horse'
const QEMU_IMAGES = join(import.meta.dirname, 'corpus')

/** What a call needs; the passphrase opens the encrypted ones. Each call wipes what it is handed, so each gets its own. */
export function callContext(): CallContext {
  return {
    gate: { kind: 'follow' },
    job: unwatched,
    secrets: { [IMAGE]: new TextEncoder().encode(PASSPHRASE), s: new TextEncoder().encode(PASSPHRASE) },
  }
}

/** Rounds of key derivation in one call, beyond which a case is given up: they are slow because they are meant to be, up to a limit that has tests. */
const ROUNDS = 20_000
/** Milliseconds in which nobody derives a key: an image that is made then gets the fewest rounds that there are, on every machine. */
const SLOW = 60

/** The system's own ciphers, random numbers that are the same each time, and no long key derivation. */
export function fuzzCrypto({ slow = false } = {}): CryptoProvider {
  const random = new Random(1)
  return {
    aes: (key) => native.crypto.aes(key),
    hash: (name, bytes) => native.crypto.hash(name, bytes),
    pbkdf2(hash, passphrase, salt, iterations, length) {
      if (slow) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLOW)
      if (iterations > ROUNDS) throw new StrataError('CANCELLED', 'Deriving a key was given up', {})
      return native.crypto.pbkdf2(hash, passphrase, salt, iterations, length)
    },
    randomBytes: (length) => random.bytes(length),
  }
}

interface Shape {
  name: string
  qcow2: Qcow2Options
  size: number
  packed?: true
  snapshots?: number
  bitmaps?: true
  backed?: true
}

const SHAPES: readonly Shape[] = [
  { name: 'small clusters', qcow2: { clusterSize: 512 }, size: 96 * 1024, packed: true, snapshots: 2 },
  { name: 'version 2', qcow2: { clusterSize: 1024, compat: '0.10' }, size: 100_352, packed: true, snapshots: 1, backed: true },
  { name: 'narrow counts', qcow2: { clusterSize: 512, refcountBits: 1 }, size: 64 * 1024, packed: true },
  { name: 'wide counts', qcow2: { clusterSize: 512, refcountBits: 64 }, size: 64 * 1024, snapshots: 1 },
  { name: 'zstd', qcow2: { clusterSize: 4096, compressionType: 'zstd' }, size: 256 * 1024, packed: true, snapshots: 1 },
  { name: 'extended', qcow2: { clusterSize: 16384, extendedL2: true }, size: 512 * 1024, backed: true, snapshots: 1 },
  { name: 'bitmaps', qcow2: { clusterSize: 512 }, size: 128 * 1024, bitmaps: true },
  { name: 'lazy', qcow2: { clusterSize: 1024, lazyRefcounts: true }, size: 64 * 1024, snapshots: 1 },
  { name: 'data file', qcow2: { clusterSize: 512, dataFile: 'data', dataFileRaw: true }, size: 64 * 1024 },
  {
    name: 'luks',
    qcow2: {
      clusterSize: 512,
      encrypt: { format: 'luks', secret: 's', cipherAlg: 'aes-128', cipherMode: 'cbc', ivgenAlg: 'plain', iterTime: 1 },
    },
    size: 32 * 1024,
    snapshots: 1,
  },
  { name: 'aes', qcow2: { clusterSize: 512, encrypt: { format: 'aes', secret: 's' } }, size: 32 * 1024 },
]

function make({ name, qcow2, size, packed, snapshots = 0, bitmaps, backed }: Shape): ImageBase {
  const platform = { files: new MemorySystem(), ...native, crypto: fuzzCrypto({ slow: true }) }
  const engine = createEngine(undefined, platform)
  if (backed) {
    engine.create({ path: '/base', format: 'raw', size, overwrite: false }, callContext())
    const disk = openDisk(platform, '/base', { ...callContext(), writable: true, format: 'raw' })
    disk.writeAt(1000, new Random(3).bytes(3000))
    disk.close()
  }
  engine.create(
    { path: IMAGE, format: 'qcow2', size, qcow2, overwrite: false, ...(backed && { backing: { name: '/base', format: 'raw' } }) },
    callContext(),
  )
  const guest = new GuestDisk(size)
  writeGpt(guest, { partitions: [{ first: 40, last: 50 }], count: 4 })
  const { clusterSize = 65536 } = qcow2
  for (let round = 0; round <= snapshots; round++) {
    const disk = openDisk(platform, IMAGE, { ...callContext(), writable: true })
    disk.writeAt(0, guest.bytes().subarray(0, 4096))
    disk.writeAt(size / 2 + round * 2048, new Random(round + 1).bytes(3000))
    disk.writeAt(size - 1500, new Random(9).bytes(1500))
    const { codec } = disk.driver
    for (let i = 0; packed && codec && i < 3; i++)
      disk.writePacked((6 + i + round) * clusterSize, codec.pack(new Random(i + 2).text(clusterSize))!)
    disk.zeroAt(4 * clusterSize, clusterSize)
    disk.close()
    if (round < snapshots) engine.snapshot({ path: IMAGE, action: { do: 'create', name: `state ${round}` } }, callContext())
  }
  for (const [bitmap, granularity] of bitmaps
    ? ([
        ['one', 512],
        ['two', 65536],
      ] as const)
    : []) {
    engine.bitmap({ path: IMAGE, name: bitmap, actions: [{ do: 'add', granularity }] }, callContext())
    const disk = openDisk(platform, IMAGE, { ...callContext(), writable: true })
    disk.writeAt(5000, new Random(4).bytes(9000))
    disk.close()
  }
  const bytes = (path: string): Buffer => {
    const storage = platform.files.open(path, false)
    const content = Buffer.alloc(storage.size)
    storage.readAt(0, content)
    storage.close()
    return content
  }
  const beside = platform.files.paths.filter((path) => path !== IMAGE)
  return { name, image: bytes(IMAGE), beside: new Map(beside.map((path) => [path, bytes(path)])) }
}

/** Images that Strata made just now, and images that qemu-img made once (`keep-images.ts`). */
export function imageBases(): readonly ImageBase[] {
  return (made ??= allBases())
}

let made: readonly ImageBase[] | undefined

function allBases(): ImageBase[] {
  const kept = readdirSync(QEMU_IMAGES)
    .filter((name) => name.endsWith('.gz'))
    .sort()
    .map((name) => ({ name: `qemu ${name}`, image: gunzipSync(readFileSync(join(QEMU_IMAGES, name))), beside: new Map<string, Buffer>() }))
  return [...SHAPES.map(make), ...kept]
}
