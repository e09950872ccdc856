import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Random } from '../fixtures/random.ts'
import { must } from './qemu.ts'

/** One image that QEMU made, or a file that only looks like one. */
interface ImageRecipe {
  make: (folder: string, name: string) => unknown
  /** images that must lie beside it */
  needs?: readonly string[]
  /** copies have holes where it has zeros */
  holes?: true
}

const img = (folder: string, ...args: string[]) => must('qemu-img', args, folder)
const io = (folder: string, name: string, ...commands: string[]) =>
  must('qemu-io', ['-f', name.endsWith('.raw') ? 'raw' : 'qcow2', ...commands.flatMap((command) => ['-c', command]), name], folder)

const made =
  (options: string, size: string, ...more: string[]) =>
  (folder: string, name: string) =>
    void img(
      folder,
      'create',
      '-q',
      '-f',
      'qcow2',
      ...(options === '' ? [] : ['-o', options]),
      ...more,
      name,
      ...(size === '' ? [] : [size]),
    )

const fromData =
  (...args: string[]) =>
  (folder: string, name: string) =>
    void img(folder, 'convert', '-f', 'raw', '-O', 'qcow2', ...args, 'data.raw', name)

/** An encrypted image of the data, whose passphrase is hunter2. */
const encrypted = (format: 'luks' | 'aes') => (folder: string, name: string) =>
  void img(
    folder,
    ...['convert', '-O', 'qcow2', '--object', 'secret,id=s,data=hunter2'],
    ...['-o', `encrypt.format=${format},encrypt.key-secret=s${format === 'luks' ? ',encrypt.iter-time=10' : ''}`, 'data.raw', name],
  )

function inPlace(file: string, change: (fd: number) => void): void {
  const fd = openSync(file, 'r+')
  try {
    change(fd)
  } finally {
    closeSync(fd)
  }
}

function readU64(fd: number, at: number): number {
  const bytes = Buffer.alloc(8)
  readSync(fd, bytes, 0, 8, at)
  return Number(bytes.readBigUInt64BE())
}

/** Sets the stored reference count of clusters, with 16-bit counts in the first block. */
function setCounts(file: string, counts: Record<number, number>): void {
  inPlace(file, (fd) => {
    const block = readU64(fd, readU64(fd, 48))
    for (const [cluster, count] of Object.entries(counts)) {
      const bytes = Buffer.alloc(2)
      bytes.writeUInt16BE(count)
      writeSync(fd, bytes, 0, 2, block + Number(cluster) * 2)
    }
  })
}

const withFeatureBits =
  (bits: number) =>
  (folder: string, name: string): void => {
    made('', '10G')(folder, name)
    inPlace(join(folder, name), (fd) => void writeSync(fd, Buffer.of(bits), 0, 1, 79))
  }

/** Two clusters of `data.qcow2` that hold data. */
const DATA_CLUSTERS = [6, 7] as const

/** `leak` counts a cluster that nothing refers to; `lost` forgets one that is in use, and counts another twice. */
const damaged =
  (kinds: readonly ('leak' | 'lost')[]) =>
  (folder: string, name: string): void => {
    fromData()(folder, name)
    const file = join(folder, name)
    const end = Math.ceil(statSync(file).size / 65536)
    truncateSync(file, (end + 1) * 65536)
    if (kinds.includes('leak')) setCounts(file, { [end]: 1 })
    if (kinds.includes('lost')) setCounts(file, { [DATA_CLUSTERS[0]]: 0, [DATA_CLUSTERS[1]]: 2 })
  }

/** Where an image without a backing file says where its bitmap directory lies. */
const BITMAP_DIRECTORY_AT = 528

/** In the order in which they are made. */
export const IMAGES: Record<string, ImageRecipe> = {
  'data.raw': {
    make(folder, name) {
      img(folder, 'create', '-q', '-f', 'raw', name, '8M')
      io(folder, name, 'write -P 1 0 1M', 'write -P 3 3M 70000', 'write -P 5 7M 512')
      inPlace(join(folder, name), (fd) => void writeSync(fd, new Random(7).bytes(200_000), 0, 200_000, 5_000_000))
    },
  },
  'odd.raw': { make: (folder, name) => writeFileSync(join(folder, name), new Random(3).bytes(1000)) },
  'none.raw': { make: (folder, name) => writeFileSync(join(folder, name), '') },
  'com,ma.raw': { make: (folder, name) => void img(folder, 'create', '-q', '-f', 'raw', name, '1M') },
  'noise.bin': { make: (folder, name) => writeFileSync(join(folder, name), new Random(5).bytes(100_000)) },
  'empty.qcow2': { make: made('', '10G') },
  'nothing.qcow2': { make: made('cluster_size=512', '0') },
  'data.qcow2': { make: fromData() },
  'packed.qcow2': { make: fromData('-c') },
  'v2.qcow2': { make: fromData('-o', 'compat=0.10,cluster_size=4k') },
  'c512.qcow2': { make: fromData('-o', 'cluster_size=512') },
  'c2m.qcow2': { make: fromData('-c', '-o', 'cluster_size=2M') },
  'c4k.qcow2': { make: fromData('-o', 'cluster_size=4k') },
  'counts8.qcow2': { make: fromData('-o', 'refcount_bits=8,cluster_size=4k') },
  'metadata.qcow2': { make: made('preallocation=metadata', '100M') },
  'lazy.qcow2': { make: made('lazy_refcounts=on', '1M') },
  'dirty.qcow2': { make: withFeatureBits(1) },
  'corrupt-bit.qcow2': { make: withFeatureBits(2) },
  'unknown-bit.qcow2': { make: withFeatureBits(0x80) },
  'top.qcow2': {
    make(folder, name) {
      made('', '12M', '-b', 'data.qcow2', '-F', 'qcow2')(folder, name)
      io(folder, name, 'write -P 9 512k 1M', 'write -z 3M 64k', 'write -P 8 11M 3000')
    },
    needs: ['data.qcow2'],
  },
  'third.qcow2': {
    make(folder, name) {
      made('cluster_size=4k', '', '-b', 'top.qcow2', '-F', 'qcow2')(folder, name)
      io(folder, name, 'write -P 7 5M 100k')
    },
    needs: ['top.qcow2', 'data.qcow2'],
  },
  'sub/over.qcow2': { make: made('', '', '-b', '../data.qcow2', '-F', 'qcow2'), needs: ['data.qcow2'] },
  'on-raw.qcow2': { make: made('compat=0.10', '', '-b', 'data.raw', '-F', 'raw'), needs: ['data.raw'] },
  'orphan.qcow2': { make: made('', '1G', '-u', '-b', 'missing.qcow2', '-F', 'qcow2') },
  'orphan2.qcow2': { make: made('', '1G', '-u', '-b', 'orphan.qcow2', '-F', 'qcow2'), needs: ['orphan.qcow2'] },
  'loop1.qcow2': { make: made('', '1M', '-u', '-b', 'loop2.qcow2', '-F', 'qcow2'), needs: ['loop2.qcow2'] },
  'loop2.qcow2': { make: made('', '1M', '-u', '-b', 'loop1.qcow2', '-F', 'qcow2'), needs: ['loop1.qcow2'] },
  'snapshots.qcow2': {
    make(folder, name) {
      fromData()(folder, name)
      img(folder, 'snapshot', '-c', 'one', name)
      io(folder, name, 'write -P 2 0 200k')
      img(folder, 'snapshot', '-c', 'a name that is longer than its column', name)
    },
  },
  'v2-snapshot.qcow2': {
    make(folder, name) {
      fromData('-o', 'compat=0.10')(folder, name)
      img(folder, 'snapshot', '-c', 'one', name)
    },
  },
  'grown-snapshot.qcow2': {
    make(folder, name) {
      fromData()(folder, name)
      img(folder, 'snapshot', '-c', 'one', name)
      img(folder, 'resize', '-q', name, '12M')
    },
  },
  'zeros-kept.qcow2': {
    make(folder, name) {
      made('', '', '-b', 'data.qcow2', '-F', 'qcow2')(folder, name)
      io(folder, name, 'write -P 9 0 1M', 'write -z 0 300k', 'write -z 5M 2M')
      img(folder, 'snapshot', '-c', 'one', name)
      io(folder, name, 'write -P 6 100k 100k', 'write -z 3M 64k')
    },
    needs: ['data.qcow2'],
  },
  'outside.qcow2': { make: fromData('-o', 'data_file=outside.raw') },
  'outside.raw': { make: () => undefined },
  'outside-raw.qcow2': { make: fromData('-o', 'data_file=outside2.raw,data_file_raw=on') },
  'outside2.raw': { make: () => undefined },
  'bitmap.qcow2': {
    make(folder, name) {
      fromData()(folder, name)
      img(folder, 'bitmap', '--add', name, 'kept')
    },
  },
  'bitmaps.qcow2': {
    make(folder, name) {
      fromData()(folder, name)
      img(folder, 'bitmap', '--add', name, 'b0')
      img(folder, 'bitmap', '--add', '-g', '4k', name, 'b1')
      io(folder, name, 'write -P 4 2M 300k')
      img(folder, 'bitmap', '--disable', name, 'b1')
    },
  },
  'large-bitmap.qcow2': {
    make(folder, name) {
      made('', '1G')(folder, name)
      img(folder, 'bitmap', '--add', name, 'large')
    },
  },
  'broken-bitmap.qcow2': {
    make(folder, name) {
      made('', '8M')(folder, name)
      for (const bitmap of ['b0', 'b1']) img(folder, 'bitmap', '--add', name, bitmap)
      // The first one is in use, as after a crash.
      inPlace(join(folder, name), (fd) => void writeSync(fd, Buffer.of(3), 0, 1, readU64(fd, BITMAP_DIRECTORY_AT) + 15))
    },
  },
  'stale-bitmap.qcow2': {
    make(folder, name) {
      made('', '8M')(folder, name)
      img(folder, 'bitmap', '--add', name, 'b0')
      // A program that knows no bitmaps has written the image.
      inPlace(join(folder, name), (fd) => void writeSync(fd, Buffer.of(0), 0, 1, 95))
    },
  },
  'leak.qcow2': { make: damaged(['leak']) },
  'lost.qcow2': { make: damaged(['lost']) },
  'both.qcow2': { make: damaged(['leak', 'lost']) },
  'short.qcow2': {
    make(folder, name) {
      made('', '1M')(folder, name)
      truncateSync(join(folder, name), 50)
    },
  },
  'zstd.qcow2': { make: fromData('-c', '-o', 'compression_type=zstd') },
  // The feature bit and the type say different things, each way round.
  'compression-bit.qcow2': {
    make(folder, name) {
      made('', '1M')(folder, name)
      inPlace(join(folder, name), (fd) => writeSync(fd, Buffer.from([8]), 0, 1, 79))
    },
  },
  'compression-type.qcow2': {
    make(folder, name) {
      made('', '1M')(folder, name)
      inPlace(join(folder, name), (fd) => writeSync(fd, Buffer.from([1]), 0, 1, 104))
    },
  },
  'subclusters.qcow2': { make: fromData('-o', 'extended_l2=on') },
  'holes.raw': { make: (folder, name) => copyFileSync(join(folder, 'data.raw'), join(folder, name)), holes: true },
  'on-holes.qcow2': { make: made('', '9M', '-b', 'holes.raw', '-F', 'raw'), needs: ['holes.raw'] },
  'split.qcow2': {
    make(folder, name) {
      made('extended_l2=on', '4M')(folder, name)
      io(folder, name, 'write -P 1 0 2k', 'write -P 2 64k 64k', 'write -z 66k 2k', 'write -z 128k 64k', 'write -P 1 200k 1k')
    },
  },
  'e4.qcow2': { make: made('cluster_size=4k', '10M') },
  'e64.qcow2': { make: made('', '10M') },
  'full.raw': {
    make(folder, name) {
      img(folder, 'create', '-q', '-f', 'raw', name, '12M')
      io(folder, name, 'write -P 7 0 12M')
    },
  },
  'full.qcow2': {
    make(folder, name) {
      made('', '12M')(folder, name)
      io(folder, name, 'write -P 7 0 12M')
    },
  },
  'empty8.qcow2': { make: made('', '8M') },
  'subclusters12.qcow2': {
    make(folder, name) {
      made('extended_l2=on', '12M')(folder, name)
      io(folder, name, 'write -P 7 1M 5M')
    },
  },
  'broken-packed.qcow2': {
    make(folder, name) {
      fromData('-c')(folder, name)
      // The packed bytes of the second cluster are rubbish.
      inPlace(join(folder, name), (fd) => {
        const table = readU64(fd, readU64(fd, 40)) % 2 ** 56
        writeSync(fd, Buffer.alloc(16, 0xff), 0, 16, readU64(fd, table + 8) % 2 ** 54)
      })
    },
  },
  'luks.qcow2': { make: encrypted('luks') },
  'aes.qcow2': { make: encrypted('aes') },
  'disk.vmdk': { make: (folder, name) => void img(folder, 'create', '-q', '-f', 'vmdk', name, '1M') },
  'a name.qcow2': { make: made('', '1M') },
  'ünï-😀.qcow2': { make: made('', '1M') },
  folder: { make: (folder, name) => mkdirSync(join(folder, name)) },
}

/** Copies an image; one that is to have holes gets them wherever 64 KiB are zeros. */
export function copyImage(from: string, to: string, name: string): void {
  if (!IMAGES[name]?.holes) return copyFileSync(from, to)
  const bytes = readFileSync(from)
  writeFileSync(to, '')
  truncateSync(to, bytes.length)
  inPlace(to, (fd) => {
    for (let at = 0; at < bytes.length; at += 65536) {
      const piece = bytes.subarray(at, at + 65536)
      if (piece.some((byte) => byte !== 0)) writeSync(fd, piece, 0, piece.length, at)
    }
  })
}

/** Makes every image. */
export function makeImages(folder: string): void {
  for (const [name, { make }] of Object.entries(IMAGES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    make(folder, name)
  }
}

/** The images that a command line names, and those that they need. */
export function imagesOf(words: readonly string[]): string[] {
  const named = Object.keys(IMAGES).filter((name) => words.some((word) => word.split(/[=,]/).includes(name) || word === name))
  return [...new Set(named.flatMap((name) => [name, ...(IMAGES[name]?.needs ?? [])]))]
}
