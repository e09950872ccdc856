import { spawnSync } from 'node:child_process'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { JobName, JobOrder } from '../../../src/shared/api.ts'
import { strata } from '../../../src/cli/strata.ts'
import { orderCommand } from '../../../src/renderer/src/lib/order-command.ts'
import { recordingTerminal } from '../../fixtures/recording-terminal.ts'
import { scratchFolder } from '../../fixtures/scratch.ts'

const MIB = 1024 * 1024

/** Orders of each kind, with options, each on what those before it left; some of the names are ones that a shell would take apart. */
function orders(folder: string): { [K in JobName]: JobOrder<K>[] } {
  const at = (name: string): string => join(folder, name)
  const [raw, disk, over] = [at('a disk.raw'), at('disk.qcow2'), at('over,lay.qcow2')]
  return {
    create: [
      {
        kind: 'create',
        request: { path: disk, format: 'qcow2', size: 4 * MIB, qcow2: { clusterSize: 65536, compat: '1.1' }, overwrite: false },
      },
      { kind: 'create', request: { path: over, format: 'qcow2', backing: { name: 'disk.qcow2', format: 'qcow2' }, overwrite: false } },
    ],
    convert: [
      {
        kind: 'convert',
        request: {
          source: { path: raw, format: 'raw' },
          target: { path: at('copy.qcow2'), format: 'qcow2', compress: true, qcow2: { compressionType: 'zstd' } },
          overwrite: false,
          verify: true,
        },
      },
    ],
    check: [{ kind: 'check', request: { path: disk, format: 'qcow2', repair: 'leaks', dryRun: true } }],
    compact: [{ kind: 'compact', request: { path: at('copy.qcow2'), format: 'qcow2', how: 'rewrite', compress: true } }],
    measure: [
      { kind: 'measure', request: { source: { path: raw, format: 'raw' }, target: { format: 'qcow2', qcow2: { clusterSize: 4096 } } } },
    ],
    compare: [{ kind: 'compare', request: { left: { path: raw, format: 'raw' }, right: { path: at('copy.qcow2'), format: 'qcow2' } } }],
    bench: [
      {
        kind: 'bench',
        request: { path: raw, format: 'raw', count: 4, bufferSize: 4096, step: 8192, offset: 512, flushInterval: 0 },
      },
      {
        kind: 'bench',
        request: {
          path: at('copy.qcow2'),
          format: 'qcow2',
          count: 70,
          bufferSize: 512,
          step: 512,
          offset: 0,
          flushInterval: 64,
          write: { pattern: 7 },
        },
      },
    ],
    resize: [{ kind: 'resize', request: { path: raw, format: 'raw', size: MIB, shrink: true }, forced: true }],
    amend: [{ kind: 'amend', request: { path: over, format: 'qcow2', changes: { lazyRefcounts: true, size: 5 * MIB } } }],
    snapshot: [
      { kind: 'snapshot', request: { path: at('copy.qcow2'), format: 'qcow2', action: { do: 'create', name: "before Anna's update" } } },
      { kind: 'snapshot', request: { path: at('copy.qcow2'), format: 'qcow2', action: { do: 'rename', snapshot: '1', name: 'after' } } },
      { kind: 'snapshot', request: { path: at('copy.qcow2'), format: 'qcow2', action: { do: 'apply', snapshot: '1' } }, forced: true },
    ],
    bitmap: [
      {
        kind: 'bitmap',
        request: {
          path: at('copy.qcow2'),
          format: 'qcow2',
          name: 'daily',
          actions: [{ do: 'add', granularity: 65536 }, { do: 'disable' }],
        },
      },
    ],
    commit: [
      { kind: 'commit', request: { path: over, format: 'qcow2', base: disk, keep: true, rate: 100 * MIB } },
      // As the host completes it: the base that is named is the one directly below, and the overlay is emptied.
      { kind: 'commit', request: { path: over, format: 'qcow2', base: disk }, forced: true },
    ],
    rebase: [
      { kind: 'rebase', request: { path: over, format: 'qcow2', backing: { name: './a disk.raw', format: 'raw' }, mode: 'unsafe' } },
      { kind: 'rebase', request: { path: over, format: 'qcow2', backing: null, mode: 'safe', compress: true } },
    ],
  }
}

/** The words of a line as a POSIX shell reads it. */
function words(line: string): string[] {
  return spawnSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .stdout.split('\0')
    .slice(0, -1)
}

describe.skipIf(process.platform === 'win32')('the line of an order, read by a shell (needs sh)', () => {
  it('is done by the terminal, for every kind of job, in the order of a day', async () => {
    const folder = scratchFolder()
    const raw = join(folder, 'a disk.raw')
    writeFileSync(raw, Buffer.alloc(MIB, 5))
    truncateSync(raw, 2 * MIB)
    const seen: string[] = []
    for (const order of Object.values(orders(folder)).flat()) {
      const line = orderCommand(order)
      expect(line, order.kind).toBeDefined()
      const [program, ...argv] = words(line ?? '')
      expect(program).toBe('strata')
      const terminal = recordingTerminal()
      expect({ line, code: await strata(argv, terminal), said: terminal.complaints }).toEqual({ line, code: 0, said: '' })
      seen.push(line ?? '')
    }
    expect(seen.filter((line) => line.startsWith('strata commit'))).toEqual([
      `strata commit -p -f qcow2 -d -b ${folder}/disk.qcow2 -r 100M ${folder}/over,lay.qcow2`,
      `strata commit -p -f qcow2 --force ${folder}/over,lay.qcow2`,
    ])
  })

  it('is not shown where the terminal has none', () => {
    const none: JobOrder[] = [
      { kind: 'compact', request: { path: '/a', how: 'in-place', dryRun: true } },
      { kind: 'compare', request: { left: { path: '/a', snapshot: '1' }, right: { path: '/b' } } },
      { kind: 'snapshot', request: { path: '/a', action: { do: 'delete', snapshot: '1' } } },
      { kind: 'amend', request: { path: '/a', changes: { keys: { do: 'empty', slot: 1 } } } },
      { kind: 'amend', request: { path: '/a', changes: { backing: null } } },
      { kind: 'convert', request: { source: { path: '/a', secret: 's' }, target: { path: '/b', format: 'raw' }, overwrite: false } },
      {
        kind: 'convert',
        request: { source: { path: '/a' }, also: [{ path: '/b' }], target: { path: '/c', format: 'raw' }, overwrite: false },
      },
    ]
    expect(none.map(orderCommand)).toEqual(none.map(() => undefined))
  })
})
