import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { randomFillSync } from 'node:crypto'
import { join } from 'node:path'

const MIB = 2 ** 20

/**
 * Writes a raw disk of `size` bytes that is like a real one: half of it files of this machine, a quarter random (what does not
 * compress), a quarter never written.
 */
export function writeSample(path: string, size: number): void {
  const file = openSync(path, 'w')
  try {
    ftruncateSync(file, size)
    let at = 0
    for (const bytes of realFiles(size / 2)) at += writeSync(file, bytes, 0, bytes.length, at)
    const noise = new Uint8Array(MIB)
    for (at = size / 2; at < size * 0.75; at += MIB) writeSync(file, randomFillSync(noise), 0, MIB, at)
  } finally {
    closeSync(file)
  }
}

/** The bytes of files below /usr, folder by folder; links are not followed. */
function* realFiles(wanted: number): Generator<Uint8Array> {
  let left = wanted
  for (const path of filesUnder('/usr/lib')) {
    if (left <= 0) return
    const bytes = readFileSync(path).subarray(0, left)
    left -= bytes.length
    yield bytes
  }
}

/** Every plain file below a folder; links, which may lead round in rings, are not followed. */
function* filesUnder(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesUnder(path)
    else if (entry.isFile()) yield path
  }
}
