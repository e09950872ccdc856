import type { OracleCase } from './oracle-case.ts'

export const USAGE: readonly OracleCase[] = [
  { line: [], real: true },
  { line: 'nosuch', real: true },
  { line: '--nosuch' },
  { line: '-x info' },
  { line: '--version', differs: { stdout: 'another program' } },
  { line: '-V', differs: { stdout: 'another program' } },
  { line: '--help', real: true, differs: { stdout: 'another program' } },
  { line: '-h', differs: { stdout: 'another program' } },
  { line: 'convert --help', differs: { stdout: 'another program' } },
  { line: 'info -Uh', differs: { stdout: 'another program' } },
  { line: 'info --help missing.qcow2', differs: { stdout: 'another program' } },
]
