import * as v from 'valibot'
import type { JobOrder, WindowApi } from '../shared/api.ts'
import { StrataError } from '../shared/errors.ts'
import { JobsAtOnceSchema, ListSchema } from './settings.ts'
import { COMPRESSION_TYPES, FORMATS } from '../shared/model.ts'

type Schemas = { [M in keyof WindowApi]: v.GenericSchema<unknown, Parameters<WindowApi[M]>[0]> }

const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096))
const word = v.pipe(v.string(), v.maxLength(200))
const bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
const format = v.picklist(FORMATS)
const preallocation = v.picklist(['off', 'metadata', 'falloc', 'full'])
const compat = v.picklist(['0.10', '1.1'])
const folders = v.pipe(v.array(path), v.maxLength(100))
const nothing = v.strictObject({})
const byPath = v.strictObject({ path })
const byId = v.strictObject({ id })
const withFormat = v.strictObject({ path, format: v.exactOptional(format) })

// The message must not repeat what it was given.
const passphrase = v.pipe(v.string('a passphrase is text'), v.minLength(1, 'it is empty'), v.maxLength(4096, 'it is too long'))
const iterTime = v.pipe(bytes, v.minValue(1), v.maxValue(60_000))

const encrypt = v.strictObject({
  format: v.picklist(['luks', 'aes']),
  secret: word,
  cipherAlg: v.exactOptional(word),
  cipherMode: v.exactOptional(word),
  ivgenAlg: v.exactOptional(word),
  ivgenHashAlg: v.exactOptional(word),
  hashAlg: v.exactOptional(word),
  iterTime: v.exactOptional(iterTime),
})

const qcow2 = v.strictObject({
  clusterSize: v.exactOptional(bytes),
  compat: v.exactOptional(compat),
  refcountBits: v.exactOptional(bytes),
  preallocation: v.exactOptional(preallocation),
  lazyRefcounts: v.exactOptional(v.boolean()),
  extendedL2: v.exactOptional(v.boolean()),
  dataFile: v.exactOptional(path),
  dataFileRaw: v.exactOptional(v.boolean()),
  encrypt: v.exactOptional(encrypt),
  compressionType: v.exactOptional(v.picklist(COMPRESSION_TYPES)),
  compressionLevel: v.exactOptional(bytes),
})

const create = v.strictObject({
  path,
  format,
  size: v.exactOptional(bytes),
  backing: v.exactOptional(v.strictObject({ name: path, format: v.exactOptional(word), unopened: v.exactOptional(v.boolean()) })),
  qcow2: v.exactOptional(qcow2),
  overwrite: v.boolean(),
})

const source = v.strictObject({
  path,
  format: v.exactOptional(format),
  secret: v.exactOptional(word),
  snapshot: v.exactOptional(v.string()),
})

const convert = v.strictObject({
  source,
  also: v.exactOptional(v.pipe(v.array(source), v.maxLength(1000))),
  range: v.exactOptional(v.strictObject({ start: bytes, length: bytes })),
  target: v.strictObject({
    path,
    format,
    qcow2: v.exactOptional(qcow2),
    compress: v.exactOptional(v.boolean()),
    backing: v.exactOptional(v.strictObject({ name: path, format: v.exactOptional(word) })),
    inPlace: v.exactOptional(v.picklist(['unknown', 'zeros', 'compared'])),
    secret: v.exactOptional(word),
  }),
  overwrite: v.boolean(),
  verbatim: v.exactOptional(v.boolean()),
  rate: v.exactOptional(bytes),
  salvage: v.exactOptional(v.boolean()),
  unflushed: v.exactOptional(v.boolean()),
  bitmaps: v.exactOptional(v.picklist(['all', 'sound'])),
  sparse: v.exactOptional(bytes),
  verify: v.exactOptional(v.boolean()),
  replaceSource: v.exactOptional(v.boolean()),
})

const check = v.strictObject({
  path,
  format: v.exactOptional(format),
  repair: v.exactOptional(v.picklist(['leaks', 'all'])),
  dryRun: v.exactOptional(v.boolean()),
})

const compact = v.strictObject({
  path,
  format: v.exactOptional(format),
  how: v.picklist(['in-place', 'rewrite']),
  compress: v.exactOptional(v.boolean()),
  dryRun: v.exactOptional(v.boolean()),
})

const resize = v.strictObject({
  path,
  format: v.exactOptional(format),
  size: bytes,
  preallocation: v.exactOptional(preallocation),
  shrink: v.exactOptional(v.boolean()),
})

const slot = v.pipe(bytes, v.maxValue(7))
const force = v.exactOptional(v.boolean())

const keys = v.variant('do', [
  v.strictObject({ do: v.literal('add'), secret: word, slot: v.exactOptional(slot), iterTime: v.exactOptional(iterTime), force }),
  v.strictObject({ do: v.literal('change'), from: word, to: word, iterTime: v.exactOptional(iterTime) }),
  v.strictObject({ do: v.literal('remove'), secret: word, force }),
  v.strictObject({ do: v.literal('empty'), slot, force }),
])

const amend = v.strictObject({
  path,
  format: v.exactOptional(format),
  changes: v.strictObject({
    compat: v.exactOptional(compat),
    lazyRefcounts: v.exactOptional(v.boolean()),
    refcountBits: v.exactOptional(bytes),
    backing: v.exactOptional(v.nullable(v.strictObject({ name: path, format: v.exactOptional(word) }))),
    dataFile: v.exactOptional(path),
    dataFileRaw: v.exactOptional(v.boolean()),
    size: v.exactOptional(bytes),
    keys: v.exactOptional(keys),
  }),
  shrink: v.exactOptional(v.boolean()),
})

const bitmapName = v.pipe(v.string(), v.maxLength(1023))

const bitmap = v.strictObject({
  path,
  format: v.exactOptional(format),
  name: bitmapName,
  actions: v.pipe(
    v.array(
      v.variant('do', [
        v.strictObject({ do: v.literal('add'), granularity: v.exactOptional(bytes) }),
        v.strictObject({ do: v.picklist(['remove', 'clear', 'enable', 'disable']) }),
        v.strictObject({ do: v.literal('merge'), source: bitmapName, from: v.exactOptional(withFormat) }),
      ]),
    ),
    v.maxLength(1000),
  ),
})

const snapshotName = v.pipe(v.string(), v.maxLength(65535))

const snapshot = v.strictObject({
  path,
  format: v.exactOptional(format),
  action: v.variant('do', [
    v.strictObject({ do: v.literal('create'), name: snapshotName }),
    v.strictObject({ do: v.picklist(['apply', 'delete']), snapshot: snapshotName }),
    v.strictObject({ do: v.literal('rename'), snapshot: snapshotName, name: snapshotName }),
  ]),
})

const commit = v.strictObject({
  path,
  format: v.exactOptional(format),
  base: v.exactOptional(path),
  keep: v.exactOptional(v.boolean()),
  changeSnapshots: v.exactOptional(v.boolean()),
  rate: v.exactOptional(bytes),
})

const rebase = v.strictObject({
  path,
  format: v.exactOptional(format),
  backing: v.nullable(v.strictObject({ name: path, format: v.exactOptional(word) })),
  mode: v.picklist(['safe', 'unsafe']),
  changeSnapshots: v.exactOptional(v.boolean()),
  compress: v.exactOptional(v.boolean()),
})

const map = v.strictObject({
  path,
  format: v.exactOptional(format),
  start: v.exactOptional(bytes),
  length: v.exactOptional(bytes),
  most: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(100_000))),
  // A map can be made that takes hours to walk, and other questions wait behind it.
  milliseconds: v.exactOptional(v.pipe(bytes, v.maxValue(5000)), 1000),
})

const measure = v.strictObject({
  source: v.union([source, v.strictObject({ size: bytes })]),
  target: v.strictObject({
    format,
    qcow2: v.exactOptional(qcow2),
    compress: v.exactOptional(v.boolean()),
    backed: v.exactOptional(v.boolean()),
  }),
})

const compare = v.strictObject({ left: source, right: source, strict: v.exactOptional(v.boolean()) })

const bench = v.strictObject({
  path,
  format: v.exactOptional(format),
  count: bytes,
  bufferSize: bytes,
  step: bytes,
  offset: bytes,
  write: v.exactOptional(v.strictObject({ pattern: v.pipe(bytes, v.maxValue(255)) })),
  flushInterval: bytes,
})

function order<const K extends string, S extends v.GenericSchema>(kind: K, request: S) {
  return v.strictObject({ kind: v.literal(kind), request, forced: v.exactOptional(v.boolean()) })
}

/** Any order of a job. */
export const OrderSchema: v.GenericSchema<unknown, JobOrder> = v.variant('kind', [
  order('create', create),
  order('convert', convert),
  order('check', check),
  order('compact', compact),
  order('measure', measure),
  order('compare', compare),
  order('bench', bench),
  order('resize', resize),
  order('amend', amend),
  order('bitmap', bitmap),
  order('snapshot', snapshot),
  order('commit', commit),
  order('rebase', rebase),
])

const filters = v.pipe(
  v.array(v.strictObject({ name: word, extensions: v.pipe(v.array(v.pipe(word, v.regex(/^(\*|[A-Za-z0-9]+)$/))), v.maxLength(50)) })),
  v.maxLength(20),
)

/** What each method of the window's api may be asked. A window is not trusted: what is not stated here is refused, unknown keys too. */
const REQUESTS: Schemas = {
  info: withFormat,
  estimate: convert,
  map,
  mapOverview: v.strictObject({
    ...source.entries,
    start: bytes,
    length: bytes,
    cellSize: bytes,
    milliseconds: v.exactOptional(v.pipe(bytes, v.maxValue(5000))),
  }),
  dependants: v.strictObject({ path, folders: v.exactOptional(folders) }),
  findParent: v.strictObject({ path, format: v.exactOptional(format), folders: v.exactOptional(folders) }),
  layout: source,
  snapshotChanges: v.strictObject({
    ...source.entries,
    since: snapshotName,
    start: bytes,
    milliseconds: v.exactOptional(v.pipe(bytes, v.maxValue(5000))),
  }),
  snapshotSpace: v.strictObject({ path, format: v.exactOptional(format), thorough: v.exactOptional(v.boolean()) }),
  facts: nothing,
  library: nothing,
  addToLibrary: v.strictObject({ paths: v.pipe(v.array(path), v.maxLength(1000)) }),
  removeFromLibrary: byPath,
  folders: nothing,
  addFolder: v.union([byPath, v.strictObject({ title: word })]),
  removeFolder: byPath,
  imagesIn: v.union([byPath, v.strictObject({ title: word })]),
  lookAgain: nothing,
  relocate: v.strictObject({ path, to: path }),
  moveImage: v.strictObject({ path, to: path, overlays: folders }),
  discardImage: v.strictObject({ path, forever: v.boolean() }),
  jobs: nothing,
  startJob: OrderSchema,
  moveJob: v.strictObject({ id, before: v.exactOptional(id) }),
  retryJob: byId,
  pauseJobs: nothing,
  resumeJobs: nothing,
  cancelJobs: nothing,
  pauseJob: byId,
  resumeJob: byId,
  cancelJob: byId,
  clearJobs: nothing,
  unlock: v.strictObject({ path, passphrase }),
  lock: byPath,
  unlocked: nothing,
  holdSecret: v.strictObject({ passphrase }),
  settings: nothing,
  saveSettings: v.strictObject({
    theme: v.picklist(['system', 'light', 'dark']),
    jobsAtOnce: v.exactOptional(JobsAtOnceSchema),
    notifications: v.exactOptional(v.boolean()),
    list: v.exactOptional(v.strictObject(ListSchema.entries)),
  }),
  keptAside: nothing,
  notify: v.strictObject({ title: word, body: word }),
  openDialog: v.strictObject({ title: word, filters, several: v.boolean() }),
  saveDialog: v.strictObject({ title: word, suggestion: v.pipe(v.string(), v.maxLength(4096)), filters }),
  listFolder: v.strictObject({ path: v.exactOptional(path) }),
  findDropped: v.strictObject({ name: v.pipe(v.string(), v.minLength(1), v.maxLength(255)), size: bytes, modified: bytes }),
  requestGrant: byPath,
  showInFolder: byPath,
  dragOut: byPath,
}

/** The request as the method's type, or `INVALID_ARGUMENT` with the name of the field that is wrong. */
export function validRequest<M extends keyof WindowApi>(method: M, request: unknown): Parameters<WindowApi[M]>[0] {
  const parsed = v.safeParse(REQUESTS[method], request)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const field = v.getDotPath(issue) ?? method
  throw new StrataError('INVALID_ARGUMENT', `The request to "${method}" is malformed: ${issue.message}`, { field })
}
