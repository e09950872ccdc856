import { WINDOW_METHODS } from '../../../src/shared/api.ts'
import { asCall, asEvent, asReply, idOf } from '../../../src/shared/rpc/protocol.ts'
import { tokenAmong, tokenInFragment } from '../../../src/shared/rpc/socket-address.ts'
import { validRequest } from '../../../src/host/requests.ts'
import { fileFor } from '../../../src/server/static.ts'
import { outcome, parser, type Parser } from '../parser.ts'
import { changedText, changedValue } from '../text-changes.ts'

interface Message {
  /** the frame as it came over the wire */
  text: string
}

const path = '/disks/a.qcow2'
const convert = { source: { path }, target: { path: '/disks/b', format: 'qcow2', qcow2: { clusterSize: 65536 } }, overwrite: false }
const CALLS: [method: string, request: unknown][] = [
  ['info', { path, format: 'qcow2' }],
  ['estimate', convert],
  ['mapOverview', { path, start: 0, length: 2 ** 30, cellSize: 65536 }],
  ['snapshotChanges', { path, since: '1', start: 0, milliseconds: 5 }],
  ['startJob', { kind: 'convert', request: { ...convert, also: [{ path }], range: { start: 0, length: 512 } } }],
  [
    'startJob',
    {
      kind: 'create',
      request: { path, format: 'qcow2', size: 1024, overwrite: false, qcow2: { encrypt: { format: 'luks', secret: 's' } } },
    },
  ],
  ['startJob', { kind: 'amend', request: { path, changes: { keys: { do: 'add', secret: 's', slot: 1 }, backing: null } } }],
  ['startJob', { kind: 'bitmap', request: { path, name: 'b', actions: [{ do: 'merge', source: 'c', from: { path } }] } }],
  ['startJob', { kind: 'snapshot', request: { path, action: { do: 'rename', snapshot: '1', name: 'n' } } }],
  ['startJob', { kind: 'measure', request: { source: { size: 5 }, target: { format: 'raw' } } }],
  ['saveSettings', { theme: 'dark', jobsAtOnce: 2, notifications: true }],
  ['moveImage', { path, to: '/disks/c', overlays: [path] }],
  ['openDialog', { title: 't', filters: [{ name: 'n', extensions: ['*', 'qcow2'] }], several: true }],
  ['unlock', { path, passphrase: 'p' }],
  ['findDropped', { name: 'n', size: 1, modified: 2 }],
  ['jobs', {}],
]
const WORDS = [
  ...WINDOW_METHODS,
  'id',
  'method',
  'request',
  'event',
  'data',
  'ok',
  'error',
  'path',
  'kind',
  'do',
  'qcow2',
  'convert',
  '__proto__',
  'constructor',
  'toString',
]

/** A frame of the web socket or an IPC message, up to the request that a handler would be given. */
const messages = parser<Message>({
  name: 'messages',
  kept: [
    ...CALLS.map(([method, request], id) => ({ text: JSON.stringify({ id, method, request }) })),
    { text: JSON.stringify({ id: 1, error: { code: 'CORRUPT', message: 'm', where: { path, offset: 1 } } }) },
    { text: JSON.stringify({ event: 'job', data: { id: 1 } }) },
  ],
  change({ text }, other, random) {
    if (random.below(4) === 0) return { text: changedText(text, other.text, WORDS, random) }
    try {
      let value: unknown = JSON.parse(text)
      for (let i = 1 + random.below(3); i > 0; i--) value = changedValue(value, WORDS, random)
      return { text: JSON.stringify(value).slice(0, 20_000) }
    } catch {
      return other
    }
  },
  run({ text }) {
    let data: unknown
    try {
      data = JSON.parse(text)
    } catch {
      return 'no JSON'
    }
    const call = asCall(data)
    const shape = `${call !== undefined} ${idOf(data) !== undefined} ${asReply(data) !== undefined} ${asEvent(data) !== undefined}`
    const method = WINDOW_METHODS.find((known) => known === call?.method)
    if (call === undefined || method === undefined) return shape
    return `${method} ${outcome(() => {
      const request = validRequest(method, call.request)
      // What a schema lets through must be told again by the same schema, and be no more than plain data.
      validRequest(method, structuredClone(request))
    })}`
  },
})

const FOLDER = '/srv/strata'
const WEB = [
  '/',
  '/index.html',
  '/assets/a.js',
  '/%2e%2e/x',
  '/..%2f..%2fetc/passwd',
  '/open/ticket',
  '/%c0%ae',
  '/a\\b',
  '/%00',
  '#token=abc',
  'strata.token.abc',
]

/** What a browser may ask of `strata serve`: paths, never out of their folder, and words with tokens in them. */
const addresses = parser<string>({
  name: 'addresses',
  kept: WEB,
  change: (text, other, random) => changedText(text, other, [...WEB, '%2e', '%2f', '%5c', '%', '//', '/../', '....//'], random),
  run(text) {
    tokenInFragment(text)
    tokenAmong(text.split(','))
    const file = fileFor(FOLDER, text)
    if (file !== undefined && file !== FOLDER && !file.startsWith(`${FOLDER}/`)) throw new Error(`${JSON.stringify(text)} leads to ${file}`)
    if (file?.includes('\0') === true || file?.split('/').includes('..') === true)
      throw new Error(`${JSON.stringify(text)} leads to ${file}`)
    return file === undefined ? 'nowhere' : `in the folder, ${Math.min(6, file.split('/').length)} deep`
  },
})

/** The readers of what windows and browsers send. */
export const messageParsers: Parser[] = [messages, addresses]
