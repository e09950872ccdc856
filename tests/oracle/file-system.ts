import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { must, run } from './qemu.ts'

const MIB = 2 ** 20
/** Folders whose entries are candidates; multiarch folders hold the large libraries. */
const CANDIDATE_FOLDERS = ['/usr/share', '/usr/lib', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/bin', '/usr/sbin']

/** Puts an ext4 file system with about `size` bytes of this machine's own programs and data into the new file `image`. */
export function makeFileSystem(folder: string, image: string, size: number): void {
  const tree = join(folder, `${image}.tree`)
  mkdirSync(tree)
  for (const path of parts(size)) {
    const place = join(tree, path.slice(1).replaceAll('/', '-'))
    // Links cost nothing; where they can't be made, copies, and what may not be read is left out.
    if (run('cp', ['-al', path, place], folder).exit !== 0) {
      rmSync(place, { recursive: true, force: true })
      run('cp', ['-a', path, place], folder)
    }
  }
  const space = Math.ceil((size * 1.3) / MIB) + 16
  must('mke2fs', ['-q', '-t', 'ext4', '-i', '4096', '-d', tree, image, `${space}M`], folder, 120_000)
  rmSync(tree, { recursive: true })
}

/** Parts of /usr that make up `size` bytes, at most a twentieth more, the largest first. */
function parts(size: number): string[] {
  const candidates = CANDIDATE_FOLDERS.flatMap((folder) => entriesOf(folder).filter((path) => !CANDIDATE_FOLDERS.includes(path)))
  // du counts a file with several names once, and answers for each argument; what vanishes or may not be read does not matter here.
  const sizes = run('du', ['-sk', '--', ...candidates], '/')
    .stdout.split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([kib, path]) => (path === undefined ? [] : [{ path, bytes: Number(kib) * 1024 }]))
    .sort((a, b) => b.bytes - a.bytes)
  const chosen: string[] = []
  let total = 0
  for (const { path, bytes } of sizes)
    if (total < size && total + bytes <= size * 1.05) {
      chosen.push(path)
      total += bytes
    }
  if (total < size)
    throw new Error(`/usr has only ${Math.round(total / MIB)} MiB in parts of that size, such as ${basename(chosen[0] ?? '')}`)
  return chosen
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch {
    return [] // not every machine has every folder
  }
}
