import type { OracleCase } from './oracle-case.ts'

const OWN_FINDINGS = 'findings have their own order and words'

const REPAIRED = 'each repair is told once, and not what it was found as before'
const IN_PLACE = 'counts are mended where they lie, while qemu-img moves them and so the end of the image'

export const CHECK: readonly OracleCase[] = [
  { line: 'check data.qcow2', real: true },
  { line: 'check --output=json data.qcow2', real: true },
  { line: 'check packed.qcow2' },
  { line: 'check zstd.qcow2' },
  { line: 'check --output=json packed.qcow2' },
  { line: 'check c512.qcow2' },
  { line: 'check c2m.qcow2' },
  { line: 'check counts8.qcow2' },
  { line: 'check v2.qcow2' },
  { line: 'check empty.qcow2' },
  { line: 'check nothing.qcow2' },
  { line: 'check --output=json nothing.qcow2' },
  { line: 'check metadata.qcow2' },
  { line: 'check top.qcow2' },
  { line: 'check third.qcow2' },
  { line: 'check --output=json third.qcow2' },
  { line: 'check snapshots.qcow2' },
  { line: 'check v2-snapshot.qcow2' },
  { line: 'check bitmap.qcow2' },
  { line: 'check dirty.qcow2' },
  { line: 'check corrupt-bit.qcow2' },
  { line: 'check leak.qcow2', real: true },
  { line: 'check --output=json leak.qcow2' },
  { line: 'check -q leak.qcow2' },
  { line: 'check lost.qcow2', real: true, differs: { stderr: OWN_FINDINGS } },
  { line: 'check --output=json lost.qcow2', differs: { stderr: OWN_FINDINGS } },
  { line: 'check both.qcow2', differs: { stderr: OWN_FINDINGS } },
  { line: 'check --output=json both.qcow2', differs: { stderr: OWN_FINDINGS } },
  { line: 'check -q data.qcow2' },
  { line: 'check -qU -T none -f qcow2 data.qcow2' },
  { line: 'check data.raw', real: true },
  { line: 'check -q --output=json data.raw' },
  { line: 'check -f raw data.qcow2' },

  { line: 'check' },
  { line: 'check data.qcow2 empty.qcow2' },
  { line: 'check missing.qcow2' },
  { line: 'check -p data.qcow2' },
  { line: 'check -r bogus data.qcow2' },
  { line: 'check -T bogus data.qcow2' },
  { line: 'check --output=xml data.qcow2' },
  { line: 'check short.qcow2', differs: { stderr: 'the engine says in its own words what is wrong' } },

  {
    line: 'check orphan.qcow2',
    differs: {
      exit: { code: 0, because: 'a check looks at one image, and its chain may be elsewhere' },
      stdout: 'see the exit code',
      stderr: 'see the exit code',
    },
  },
  { line: 'check -r leaks leak.qcow2', real: true, makes: 'leak.qcow2', differs: { stderr: REPAIRED } },
  { line: 'check -r all leak.qcow2', makes: 'leak.qcow2', differs: { stderr: REPAIRED } },
  { line: 'check --output=json -r leaks leak.qcow2', makes: 'leak.qcow2', differs: { stderr: REPAIRED } },
  { line: 'check -q -r leaks leak.qcow2', makes: 'leak.qcow2', differs: { stderr: REPAIRED } },
  { line: 'check --repair=all lost.qcow2', real: true, makes: 'lost.qcow2', differs: { stderr: REPAIRED, stdout: IN_PLACE } },
  { line: 'check --output=json -r all both.qcow2', makes: 'both.qcow2', differs: { stderr: REPAIRED, stdout: IN_PLACE } },
  { line: 'check -r all data.qcow2', makes: 'data.qcow2' },
  { line: 'check -r leaks data.qcow2', makes: 'data.qcow2' },
  { line: 'check -r all snapshots.qcow2', makes: 'snapshots.qcow2' },
  { line: 'check -r all dirty.qcow2', makes: 'dirty.qcow2' },
  { line: 'check -r all corrupt-bit.qcow2', makes: 'corrupt-bit.qcow2' },
  { line: 'check -r all --output=json bitmap.qcow2', makes: 'bitmap.qcow2' },
  {
    line: 'check -r leaks lost.qcow2',
    differs: {
      exit: {
        code: 2,
        because: 'qemu-img stops with an input/output error and mends nothing; Strata gives back what is lost, and says what is left',
      },
      stdout: 'see the exit code',
      stderr: 'see the exit code',
    },
  },
  { line: 'check -r all -f raw data.raw' },
]
