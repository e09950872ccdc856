import { join } from 'node:path'
import { must } from '../qemu.ts'

/** An image to be damaged: how QEMU makes it, small, with a bit of everything that its features allow. */
export interface Victim {
  name: string
  options: string
  /** guest bytes, as qemu-img takes them */
  size: string
  backed?: boolean
  snapshots?: boolean
  packed?: boolean
  bitmap?: boolean
  dataFile?: boolean
}

/** The matrix: versions, cluster sizes, widths of counts, and every feature, in as few images as show them all. */
export const VICTIMS: readonly Victim[] = [
  { name: 'v3', options: 'compat=1.1,cluster_size=4k', size: '1M', packed: true },
  { name: 'v2', options: 'compat=0.10,cluster_size=4k', size: '1M', packed: true },
  { name: 'v2-backed', options: 'compat=0.10,cluster_size=4k', size: '1M', backed: true },
  { name: 'v3-backed', options: 'compat=1.1,cluster_size=4k', size: '1M', backed: true },
  { name: 'small', options: 'cluster_size=512', size: '300k', packed: true, snapshots: true },
  { name: 'large', options: 'cluster_size=64k', size: '8M', packed: true, snapshots: true },
  { name: 'counts1', options: 'cluster_size=1k,refcount_bits=1', size: '512k' },
  { name: 'counts2', options: 'cluster_size=1k,refcount_bits=2', size: '512k', snapshots: true },
  { name: 'counts4', options: 'cluster_size=1k,refcount_bits=4', size: '512k', snapshots: true },
  { name: 'counts8', options: 'cluster_size=4k,refcount_bits=8', size: '1M', snapshots: true },
  { name: 'counts32', options: 'cluster_size=4k,refcount_bits=32', size: '1M', packed: true },
  { name: 'counts64', options: 'cluster_size=512,refcount_bits=64', size: '200k', snapshots: true },
  { name: 'snapshots', options: 'cluster_size=4k', size: '1M', snapshots: true, packed: true },
  { name: 'v2-snapshots', options: 'compat=0.10,cluster_size=4k', size: '1M', snapshots: true },
  { name: 'extended', options: 'extended_l2=on,cluster_size=16k', size: '2M', packed: true, backed: true },
  { name: 'extended-snapshots', options: 'extended_l2=on,cluster_size=16k', size: '2M', snapshots: true },
  { name: 'bitmaps', options: 'cluster_size=4k', size: '1M', bitmap: true },
  { name: 'data-file', options: 'cluster_size=4k', size: '1M', dataFile: true },
  { name: 'zstd', options: 'cluster_size=4k,compression_type=zstd', size: '1M', packed: true },
  { name: 'aes', options: 'cluster_size=4k,encrypt.format=aes,encrypt.key-secret=s', size: '1M' },
  { name: 'luks', options: 'cluster_size=4k,encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10', size: '1M' },
]

export const SECRET = ['--object', 'secret,id=s,data=correct horse']

export function isEncrypted({ options }: Victim): boolean {
  return options.includes('encrypt.')
}

/** How qemu-img names an image that needs a passphrase. */
export function named(victim: Victim, name: string): string[] {
  const format = victim.options.includes('format=aes') ? 'aes' : 'luks'
  if (!isEncrypted(victim)) return [name]
  return ['--image-opts', `driver=qcow2,file.filename=${name},encrypt.format=${format},encrypt.key-secret=s`]
}

/** Makes the image in a folder, with a backing file where it has one; answers with its name. */
export function makeVictim(folder: string, victim: Victim): string {
  const file = `${victim.name}.qcow2`
  const secret = isEncrypted(victim) ? SECRET : []
  const img = (...args: string[]): string => must('qemu-img', args, folder)
  const io = (...commands: string[]): string =>
    must(
      'qemu-io',
      [...secret, ...(isEncrypted(victim) ? named(victim, file) : ['-f', 'qcow2', file]), ...commands.flatMap((c) => ['-c', c])],
      folder,
    )
  const backing: string[] = []
  if (victim.backed) {
    img('create', '-q', '-f', 'raw', 'base.raw', victim.size)
    must('qemu-io', ['-f', 'raw', 'base.raw', '-c', `write -P 0xbb 0 ${victim.size}`], folder)
    backing.push('-b', 'base.raw', '-F', 'raw')
  }
  const dataFile = victim.dataFile ? ['-o', 'data_file=' + victim.name + '.data'] : []
  img('create', '-q', ...secret, '-f', 'qcow2', ...backing, '-o', victim.options, ...dataFile, file, victim.size)
  io('write -P 1 0 40k', 'write -P 2 64k 20k')
  if (victim.packed) for (let at = 96; at < 112; at += 1) io(`write -c -P ${at} ${at * clusterOf(victim)} ${clusterOf(victim)}`)
  if (victim.snapshots) {
    img('snapshot', '-c', 'first', file)
    io('write -P 3 8k 16k')
    if (!victim.options.includes('refcount_bits=2')) img('snapshot', '-c', 'second', file)
    io('write -P 4 72k 8k')
  }
  if (!victim.options.includes('0.10')) io('write -z 128k 32k', 'write -P 5 140k 4k')
  if (victim.bitmap) {
    img('bitmap', '--add', '-g', '512', file, 'one')
    img('bitmap', '--add', '-g', '64k', file, 'two')
    io('write -P 6 160k 30k')
  }
  return join(folder, file)
}

function clusterOf({ options }: Victim): number {
  const size = /cluster_size=(\d+)(k?)/.exec(options)
  return Number(size?.[1] ?? 64) * (size?.[2] === 'k' ? 1024 : 1)
}
