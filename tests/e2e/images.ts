import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, readSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** QEMU's own tool is the judge of what Strata wrote. */
export const hasQemu = spawnSync('qemu-img', ['--version']).status === 0
export const NO_QEMU = 'qemu-img is not installed'

const MIB = 1024 * 1024
const CLUSTER = 65536

export function qemuImg(...args: string[]): string {
  return execFileSync('qemu-img', args, { encoding: 'utf8' })
}

/** What `qemu-img info` says of an image. */
export function qemuInfo(path: string): Record<string, unknown> {
  return JSON.parse(qemuImg('info', '--output=json', path)) as Record<string, unknown>
}

/** A raw image of random bytes, which nothing can pack or skip, with a hole at its end. */
export function randomRaw(folder: string, name: string, mebibytes: number): string {
  const path = join(folder, name)
  writeFileSync(path, '')
  for (let done = 0; done < mebibytes; done++) appendFileSync(path, randomBytes(MIB))
  truncateSync(path, (mebibytes + 8) * MIB)
  return path
}

/** A small raw image: 4 MiB of text between holes. */
export function smallRaw(folder: string, name: string): string {
  const path = join(folder, name)
  const file = openSync(path, 'w')
  writeSync(file, Buffer.alloc(4 * MIB, 'Strata looks at every layer. '), 0, 4 * MIB, 2 * MIB)
  closeSync(file)
  truncateSync(path, 16 * MIB)
  return path
}

/** A raw disk of 64 MiB with an MBR and one partition from 1 MiB on, which holds an ext4 of 16 MiB named "root". Needs mkfs.ext4. */
export function partitionedRaw(folder: string, name: string): string {
  const path = join(folder, name)
  const table = Buffer.alloc(512)
  table[446 + 4] = 0x83
  table.writeUInt32LE(2048, 446 + 8)
  table.writeUInt32LE((16 * MIB) / 512, 446 + 12)
  table.writeUInt16LE(0xaa55, 510)
  writeFileSync(path, table)
  truncateSync(path, 64 * MIB)
  execFileSync('mkfs.ext4', ['-q', '-F', '-L', 'root', '-E', `offset=${MIB}`, path, '16M'], { stdio: 'ignore' })
  return path
}

/** A sound qcow2 image of 64 MiB, empty. */
export function emptyQcow2(folder: string, name: string): string {
  const path = join(folder, name)
  qemuImg('create', '-q', '-f', 'qcow2', path, '64M')
  return path
}

/** A LUKS disk of 8 MiB whose passphrase costs little to try. QEMU measures that cost, which on a busy machine fails now and then: it is asked again. */
export function luksQcow2(folder: string, name: string, passphrase: string): string {
  const path = join(folder, name)
  const options = 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10'
  for (let left = 4; ; left--) {
    try {
      qemuImg('create', '-q', '-f', 'qcow2', '--object', `secret,id=s,data=${passphrase}`, '-o', options, path, '8M')
      return path
    } catch (error) {
      if (left === 0) throw error
    }
  }
}

/** An overlay named relative to its base, which must lie in the same folder. */
export function overlay(folder: string, name: string, base: string): string {
  const path = join(folder, name)
  qemuImg('create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', path)
  return path
}

/** A qcow2 image with three clusters at its end that are counted as used and that nothing refers to. */
export function leakyQcow2(folder: string, name: string): string {
  const path = emptyQcow2(folder, name)
  setCounts(path, [8, 9, 10], 1)
  truncateSync(path, 11 * CLUSTER)
  return path
}

/** A qcow2 image with one cluster of data that is counted as free: what is written next may go over it. */
export function damagedQcow2(folder: string, name: string): string {
  const path = emptyQcow2(folder, name)
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 7 0 1M', path])
  setCounts(path, [6], 0)
  return path
}

/** A sound qcow2 image whose header says that it is damaged. */
export function markedQcow2(folder: string, name: string): string {
  const path = emptyQcow2(folder, name)
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.from([2]), 0, 1, 79)
  closeSync(file)
  return path
}

/** Writes reference counts of the first clusters of a qcow2 image. */
function setCounts(path: string, clusters: readonly number[], count: number): void {
  const file = openSync(path, 'r+')
  const offset = (at: number): number => {
    const bytes = Buffer.alloc(8)
    readSync(file, bytes, 0, 8, at)
    return Number(bytes.readBigUInt64BE())
  }
  const block = offset(offset(48))
  for (const cluster of clusters) writeSync(file, Buffer.from([0, count]), 0, 2, block + 2 * cluster)
  closeSync(file)
}

/** A file that begins as qcow2 and ends in the middle of its header. */
export function cutQcow2(folder: string, name: string): string {
  const path = join(folder, name)
  writeFileSync(path, Buffer.from([0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3, 0, 0]))
  return path
}

/** Whether two files hold the same bytes. */
export function sameBytes(a: string, b: string): boolean {
  return existsSync(a) && existsSync(b) && readFileSync(a).equals(readFileSync(b))
}
