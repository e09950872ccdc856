/** Run as a program where qemu-utils are installed: makes the images of QEMU's that the fuzzer starts from, anew. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { makeVictim, VICTIMS } from '../oracle/damage/images.ts'

const KEPT = ['small', 'v2-snapshots', 'counts2', 'bitmaps', 'zstd', 'extended-snapshots']

const folder = mkdtempSync(join(tmpdir(), 'strata-fuzz-'))
for (const victim of VICTIMS.filter(({ name }) => KEPT.includes(name)))
  writeFileSync(join(import.meta.dirname, 'corpus', `${victim.name}.gz`), gzipSync(readFileSync(makeVictim(folder, victim)), { level: 9 }))
rmSync(folder, { recursive: true })
