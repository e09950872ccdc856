import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WINDOW_METHODS, type WindowApi } from '../../../src/shared/api.ts'
import { StrataError } from '../../../src/shared/errors.ts'
import { validRequest } from '../../../src/host/requests.ts'
import { thrown } from '../../fixtures/thrown.ts'

const create = { kind: 'create', request: { path: '/a.qcow2', format: 'qcow2', size: 1024, overwrite: false } }
const GOOD: [keyof WindowApi, unknown][] = [
  ['info', { path: '/a' }],
  ['info', { path: '/a', format: 'raw' }],
  [
    'estimate',
    {
      source: { path: '/a', format: 'raw' },
      target: { path: '/b', format: 'qcow2', qcow2: { clusterSize: 512 }, compress: true },
      overwrite: false,
      sparse: 0,
    },
  ],
  [
    'estimate',
    {
      source: { path: '/a' },
      target: { path: '/b', format: 'qcow2', qcow2: { compressionType: 'zstd', compressionLevel: 19 }, compress: true },
      overwrite: false,
    },
  ],
  ['layout', { path: '/a', snapshot: 'one' }],
  ['dependants', { path: '/a', folders: ['/b'] }],
  ['findParent', { path: '/a', format: 'qcow2', folders: [] }],
  ['mapOverview', { path: '/a', start: 0, length: 2 ** 40, cellSize: 2 ** 24 }],
  ['snapshotChanges', { path: '/a', snapshot: '2', since: '1', start: 0 }],
  ['snapshotSpace', { path: '/a', thorough: true }],
  ['facts', {}],
  ['addToLibrary', { paths: [] }],
  ['startJob', create],
  [
    'startJob',
    {
      kind: 'create',
      request: { path: '/o', format: 'qcow2', backing: { name: 'a', format: 'raw' }, qcow2: { compat: '0.10' }, overwrite: true },
    },
  ],
  ['startJob', { kind: 'resize', request: { path: '/a', size: 2 ** 40, preallocation: 'metadata' } }],
  ['startJob', { kind: 'check', request: { path: '/a' } }],
  ['startJob', { kind: 'compact', request: { path: '/a', format: 'qcow2', how: 'rewrite', compress: true, dryRun: true } }],
  ['startJob', { kind: 'bitmap', request: { path: '/a', name: 'one', actions: [{ do: 'add', granularity: 512 }, { do: 'disable' }] } }],
  [
    'startJob',
    {
      kind: 'bitmap',
      request: { path: '/a', name: 'one', actions: [{ do: 'merge', source: 'two', from: { path: '/b', format: 'qcow2' } }] },
    },
  ],
  ['startJob', { kind: 'commit', request: { path: '/a', format: 'qcow2', base: '/b', keep: true } }],
  ['startJob', { kind: 'rebase', request: { path: '/a', backing: { name: 'b', format: 'raw' }, mode: 'safe', compress: true } }],
  ['startJob', { kind: 'rebase', request: { path: '/a', backing: null, mode: 'unsafe' } }],
  ['unlock', { path: '/a', passphrase: 'p' }],
  ['holdSecret', { passphrase: 'p' }],
  ['startJob', { kind: 'amend', request: { path: '/a', changes: { keys: { do: 'change', from: 'a', to: 'b', iterTime: 10 } } } }],
  [
    'startJob',
    { kind: 'create', request: { ...create.request, qcow2: { encrypt: { format: 'luks', secret: 's', cipherAlg: 'aes-128' } } } },
  ],
  ['pauseJob', { id: 1 }],
  ['saveSettings', { theme: 'dark' }],
  ['openDialog', { title: 'Open', filters: [{ name: 'All', extensions: ['*'] }], several: true }],
  ['saveDialog', { title: 'Save', suggestion: '', filters: [] }],
  ['listFolder', {}],
  ['imagesIn', { path: '/a' }],
  ['imagesIn', { title: 'Which?' }],
  ['findDropped', { name: 'a b.img', size: 0, modified: 1 }],
]

const BAD: [keyof WindowApi, unknown, string][] = [
  ['startJob', { kind: 'commit', request: { path: '/a', empty: true } }, 'request.empty'],
  ['startJob', { kind: 'rebase', request: { path: '/a', mode: 'safe' } }, 'request.backing'],
  ['startJob', { kind: 'rebase', request: { path: '/a', backing: null, mode: 'fast' } }, 'request.mode'],
  ['startJob', { kind: 'compact', request: { path: '/a' } }, 'request.how'],
  ['startJob', { kind: 'compact', request: { path: '/a', how: 'somehow' } }, 'request.how'],
  ['layout', { path: '/a', snapshot: 1 }, 'snapshot'],
  ['dependants', { path: '/a', folders: '/b' }, 'folders'],
  ['snapshotChanges', { path: '/a', start: 0 }, 'since'],
  ['mapOverview', { path: '/a', start: 0, length: 1, cellSize: 0.5 }, 'cellSize'],
  ['mapOverview', { path: '/a', start: 0, length: 1, cellSize: 1, milliseconds: 2 ** 40 }, 'milliseconds'],
  ['info', {}, 'path'],
  ['info', { path: '' }, 'path'],
  ['info', { path: ['/a'] }, 'path'],
  ['info', { path: '/' + 'a'.repeat(5000) }, 'path'],
  ['info', { path: '/a', format: 'vmdk' }, 'format'],
  ['info', { path: '/a', backing: '/etc/passwd' }, 'backing'],
  ['facts', { extra: 1 }, 'extra'],
  ['addToLibrary', { paths: '/a' }, 'paths'],
  ['addToLibrary', { paths: ['/a', 5] }, 'paths.1'],
  ['addToLibrary', { paths: Array(1001).fill('/a') }, 'paths'],
  ['startJob', { kind: 'delete', request: { path: '/a' } }, 'kind'],
  ['startJob', { kind: 'bitmap', request: { path: '/a', name: 'one', actions: [{ do: 'burn' }] } }, 'request.actions.0.do'],
  ['startJob', { kind: 'bitmap', request: { path: '/a', name: 'one', actions: [{ do: 'merge' }] } }, 'request.actions.0.source'],
  ['startJob', { ...create, priority: 1 }, 'priority'],
  ['startJob', { kind: 'create', request: { ...create.request, size: -1 } }, 'request.size'],
  ['startJob', { kind: 'create', request: { ...create.request, size: 2 ** 53 } }, 'request.size'],
  ['startJob', { kind: 'create', request: { ...create.request, size: NaN } }, 'request.size'],
  ['startJob', { kind: 'create', request: { ...create.request, size: 0.5 } }, 'request.size'],
  ['startJob', { kind: 'create', request: { ...create.request, size: '1024' } }, 'request.size'],
  ['startJob', { kind: 'create', request: { ...create.request, overwrite: 1 } }, 'request.overwrite'],
  ['startJob', { kind: 'create', request: { ...create.request, qcow2: { encryption: 'aes' } } }, 'request.qcow2.encryption'],
  ['startJob', { kind: 'create', request: { ...create.request, qcow2: { compressionType: 'lz4' } } }, 'request.qcow2.compressionType'],
  ['startJob', { kind: 'create', request: { ...create.request, qcow2: { compressionLevel: -1 } } }, 'request.qcow2.compressionLevel'],
  ['unlock', { path: '/a', passphrase: 7 }, 'passphrase'],
  ['holdSecret', { passphrase: '' }, 'passphrase'],
  ['startJob', { kind: 'amend', request: { path: '/a', changes: { keys: { do: 'empty', slot: 8 } } } }, 'request.changes.keys.slot'],
  ['pauseJob', { id: 0 }, 'id'],
  ['pauseJob', { id: '1' }, 'id'],
  ['saveSettings', { theme: 'pink' }, 'theme'],
  ['openDialog', { title: 'Open', filters: [{ name: 'All', extensions: ['../x'] }], several: true }, 'filters.0.extensions.0'],
]

describe('a request', () => {
  it.each(GOOD)('to %s is taken as it is: %j', (method, request) => {
    expect(validRequest(method, request)).toEqual(request)
  })

  it.each(BAD)('to %s is refused by its field: %j', (method, request, field) => {
    expect(thrown(() => validRequest(method, request))).toMatchObject({ code: 'INVALID_ARGUMENT', where: { field } })
  })

  it('that is no object is refused by every method', () => {
    for (const request of [null, undefined, 5, 'text', ['/a'], () => 0])
      for (const method of WINDOW_METHODS) expect(() => validRequest(method, request), method).toThrow(StrataError)
  })

  it('of any shape is taken or refused, never a crash', () => {
    fc.assert(
      fc.property(fc.constantFrom(...WINDOW_METHODS), fc.object(), (method, request) => {
        try {
          validRequest(method, request)
        } catch (error) {
          expect(error).toBeInstanceOf(StrataError)
        }
      }),
    )
  })
})
