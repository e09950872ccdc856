import { closeSync, copyFileSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { must } from './qemu.ts'

const SECRET = ['--object', 'secret,id=s,data=long enough']
const MORE = ['--object', 'secret,id=n,data=another one']

const img = (folder: string, ...args: string[]) => must('qemu-img', args, folder)

/** An empty image of 1 MiB, made with these creation options. */
function make(folder: string, name: string, options: string, ...more: string[]): void {
  img(folder, 'create', '-q', '-f', 'qcow2', ...(options === '' ? [] : ['-o', options]), ...more, name, '1M')
}

/** The same, encrypted as the options say. */
function seal(folder: string, name: string, options: string): void {
  make(folder, name, `encrypt.key-secret=s,${options}`, ...SECRET)
}

/** Gives a file other bytes at some places. */
function patch(folder: string, name: string, bytes: Record<number, readonly number[]>): void {
  const fd = openSync(join(folder, name), 'r+')
  try {
    for (const [at, value] of Object.entries(bytes)) writeSync(fd, Buffer.from(value), 0, value.length, Number(at))
  } finally {
    closeSync(fd)
  }
}

function u64At(folder: string, name: string, at: number): number {
  const fd = openSync(join(folder, name), 'r')
  const bytes = Buffer.alloc(8)
  readSync(fd, bytes, 0, 8, at)
  closeSync(fd)
  return Number(bytes.readBigUInt64BE())
}

function u64(value: bigint): number[] {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return [...bytes]
}

/** Byte offsets in a row of the snapshot table (section "Snapshots"). */
const ROW = { date: 16, clock: 24, vmStateSize: 40, icount: 56 } as const

/** Gives the first snapshot what only a virtual machine would: state, a clock, a count of instructions. */
function liven(folder: string, name: string, { vmState, clock, icount }: { vmState: bigint; clock: bigint; icount: bigint }): void {
  const row = u64At(folder, name, 64)
  patch(folder, name, { [row + ROW.clock]: u64(clock), [row + ROW.vmStateSize]: u64(vmState), [row + ROW.icount]: u64(icount) })
}

/** Images for what the matrix does not make, by name; each is made in a folder of all of them, in this order. */
export const INFO_IMAGES: Record<string, (folder: string, name: string) => void> = {
  'plain.qcow2': (folder, name) => make(folder, name, ''),
  'c512.qcow2': (folder, name) => make(folder, name, 'cluster_size=512'),
  'c2m.qcow2': (folder, name) => make(folder, name, 'cluster_size=2M'),
  'data.raw': (folder, name) => void img(folder, 'create', '-q', '-f', 'raw', name, '1M'),
  'over-raw.qcow2': (folder, name) => make(folder, name, '', '-b', 'data.raw', '-F', 'raw'),
  'over.qcow2': (folder, name) => make(folder, name, 'compat=0.10', '-b', 'over-raw.qcow2', '-F', 'qcow2'),
  'chain.qcow2': (folder, name) => make(folder, name, 'extended_l2=on', '-b', 'over.qcow2', '-F', 'qcow2'),
  'no-format.qcow2'(folder, name) {
    make(folder, name, '', '-b', 'plain.qcow2', '-F', 'qcow2')
    patch(folder, name, { 112: [0x12, 0x34, 0x56, 0x78] }) // the extension that names the format becomes an unknown one
  },
  'no-format-on-raw.qcow2'(folder, name) {
    make(folder, name, '', '-b', 'data.raw', '-F', 'raw')
    patch(folder, name, { 112: [0x12, 0x34, 0x56, 0x78] })
  },
  'dirty.qcow2'(folder, name) {
    make(folder, name, 'lazy_refcounts=on')
    patch(folder, name, { 79: [1] })
  },
  'corrupt.qcow2'(folder, name) {
    make(folder, name, '')
    patch(folder, name, { 79: [2] })
  },
  'snapshots.qcow2'(folder, name) {
    make(folder, name, '')
    for (const snapshot of ['one', 'a name that is longer than its column', 'ünï 😀']) img(folder, 'snapshot', '-c', snapshot, name)
    liven(folder, name, { vmState: 123_456_789n, clock: 3_723_004_000_005n, icount: 987_654_321n })
  },
  'long-clock.qcow2'(folder, name) {
    make(folder, name, '')
    img(folder, 'snapshot', '-c', 'old', name)
    liven(folder, name, { vmState: 5n * 2n ** 40n, clock: 400_000_000_000_000_000n, icount: 2n ** 64n - 1n })
    patch(folder, name, { [u64At(folder, name, 64) + ROW.date]: [0xff, 0xff, 0xff, 0xf0, 0x3b, 0x9a, 0xc9, 0xff] })
  },
  'old-snapshot.qcow2'(folder, name) {
    make(folder, name, 'compat=0.10')
    img(folder, 'snapshot', '-c', 'one', name)
  },
  'bitmaps.qcow2'(folder, name) {
    make(folder, name, '')
    img(folder, 'bitmap', '--add', name, 'one')
    img(folder, 'bitmap', '--add', '-g', '512', '--disable', name, 'two')
    img(folder, 'bitmap', '--add', '-g', '2M', name, 'ünï')
  },
  'used-bitmap.qcow2'(folder, name) {
    make(folder, name, '')
    img(folder, 'bitmap', '--add', name, 'one')
    const directory = bitmapDirectory(folder, name)
    patch(folder, name, { [directory + 12]: [0, 0, 0, 3] }) // in use, and still enabled
  },
  'luks.qcow2': (folder, name) => seal(folder, name, 'encrypt.format=luks,encrypt.iter-time=10'),
  'luks-two-slots.qcow2'(folder, name) {
    copyFileSync(join(folder, 'luks.qcow2'), join(folder, name))
    const image = `driver=qcow2,file.filename=${name},encrypt.key-secret=s`
    const change = 'encrypt.state=active,encrypt.new-secret=n,encrypt.keyslot=5,encrypt.iter-time=10'
    img(folder, 'amend', ...SECRET, ...MORE, '--image-opts', '-o', change, image)
  },
  'luks-essiv.qcow2': (folder, name) =>
    seal(
      folder,
      name,
      'compat=0.10,encrypt.format=luks,encrypt.iter-time=10,encrypt.cipher-alg=aes-128,encrypt.cipher-mode=cbc,encrypt.ivgen-alg=essiv,encrypt.ivgen-hash-alg=sha256',
    ),
  'luks-ctr.qcow2': (folder, name) =>
    seal(
      folder,
      name,
      'encrypt.format=luks,encrypt.iter-time=10,encrypt.cipher-alg=aes-128,encrypt.cipher-mode=ctr,encrypt.ivgen-alg=plain,encrypt.hash-alg=sha512',
    ),
  'aes.qcow2': (folder, name) => seal(folder, name, 'encrypt.format=aes'),
  'old-aes.qcow2': (folder, name) => seal(folder, name, 'compat=0.10,encrypt.format=aes'),
  'outside.qcow2': (folder, name) => make(folder, name, 'data_file=outside.data'),
  'raw-outside.qcow2': (folder, name) => make(folder, name, 'data_file=raw-outside.data,data_file_raw=on'),
  'outside-luks.qcow2': (folder, name) =>
    seal(folder, name, 'data_file=outside-luks.data,encrypt.format=luks,encrypt.iter-time=10,encrypt.cipher-mode=ecb'),
  'everything.qcow2'(folder, name) {
    seal(folder, name, 'extended_l2=on,lazy_refcounts=on,refcount_bits=64,compression_type=zstd,encrypt.format=luks,encrypt.iter-time=10')
    const image = `driver=qcow2,file.filename=${name},encrypt.key-secret=s`
    img(folder, 'snapshot', ...SECRET, '--image-opts', '-c', 'one', image)
    img(folder, 'bitmap', ...SECRET, '--image-opts', '--add', image, 'one')
  },
}

/** Where the directory of an image's bitmaps lies (section "Bitmaps extension"). */
function bitmapDirectory(folder: string, name: string): number {
  for (let at = 112; ; at += 8) if (u64At(folder, name, at) === 0x23852875_00000018) return u64At(folder, name, at + 24)
}
