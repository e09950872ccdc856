import { StrataError } from '../../shared/errors.ts'
import type { DiskInfo } from '../../shared/model.ts'
import type { SnapshotRequest } from '../../shared/requests.ts'
import { QUIET, SHARE } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { assertHarmless, FORCE } from '../impact.ts'
import { inspect } from '../inspect.ts'
import { IMAGE, namedImage } from '../named-image.ts'
import { snapshotList } from '../render-info.ts'
import { runJob } from '../run-job.ts'
import { verb } from '../verb.ts'

const ACTIONS = ['list', 'create', 'apply', 'delete', 'rename'] as const

/** `strata snapshot`: the snapshots inside an image. */
export const snapshot = verb({
  summary: 'list, make, apply, delete or rename snapshots',
  operands: 'FILE',
  description: ['A snapshot shares with the disk what both hold, and lies in the same file.'],
  examples: [
    { line: 'snapshot -c before-update disk.qcow2', does: 'keep what the disk holds now' },
    { line: 'snapshot -l disk.qcow2', does: 'list the snapshots' },
    { line: 'snapshot -a before-update disk.qcow2', does: 'make the disk what it was' },
  ],
  options: {
    list: { short: 'l', help: 'list them; so without any other option' },
    create: { short: 'c', value: 'NAME', help: 'keep what the disk holds now under this name' },
    apply: { short: 'a', value: 'NAME', help: 'make the disk what it was; what it holds now is lost' },
    delete: { short: 'd', value: 'NAME', help: 'forget a snapshot' },
    rename: { long: 'rename', value: 'NAME', help: 'give a snapshot the name of --to' },
    newName: { long: 'to', value: 'NAME', help: 'with --rename: the new name' },
    format: { long: 'format', value: 'FMT', help: 'format of the image; found out unless stated' },
    quiet: QUIET,
    share: SHARE,
    force: FORCE,
    ...IMAGE,
  },
  async run(args, terminal) {
    const asked = ACTIONS.filter((action) => args.has(action))
    if (asked.length > 1) throw usageFailure("Cannot mix '-l', '-a', '-c', '-d'")
    const [operand, extra] = args.operands
    if (operand === undefined || extra !== undefined) throw usageFailure('Expecting one image file name')
    const image = namedImage(args, operand)
    const [top] = inspect(image.path, image.format, operand).layers
    if (!top) throw new Failure(`Could not open '${operand}'`)
    const [action = 'list'] = asked
    const name = args.last(action) ?? ''
    if (action === 'list') {
      terminal.out(snapshotList(top.snapshots))
      return EXIT.ok
    }
    const newName = args.last('newName')
    if (action === 'rename' && newName === undefined) throw new Failure('--rename needs a new name: --to NAME')
    if (action === 'apply' && !args.has('force')) assertHarmless(image.path, { but: [], doing: 'Applying a snapshot' })
    try {
      const request: SnapshotRequest = { path: image.path, format: top.format, action: orderOf(action, name, newName ?? '', top) }
      await runJob(terminal, { kind: 'snapshot', request })
    } catch (error) {
      throw error instanceof StrataError ? failureOf(action, name, error) : error
    }
    return EXIT.ok
  },
})

function orderOf(
  action: 'create' | 'apply' | 'delete' | 'rename',
  name: string,
  newName: string,
  top: DiskInfo,
): SnapshotRequest['action'] {
  if (action === 'create') return { do: action, name }
  if (action === 'apply') return { do: action, snapshot: name }
  if (action === 'rename') return { do: action, snapshot: name, name: newName }
  // A script that deletes what it named must not hit another snapshot that happens to have that number.
  const named = top.snapshots.find((one) => one.name === name)
  if (!named) throw new Failure(`Could not delete snapshot '${name}': snapshot not found`)
  return { do: action, snapshot: named.id }
}

/** The system's words for what can't be, as qemu-img prints them. */
function failureOf(action: string, name: string, error: StrataError): Failure {
  const { code, where, message, hint } = error
  const words = (reason: string): Failure => new Failure(`Could not ${action} snapshot '${name}': ${reason}`, { hint })
  if (code === 'NOT_FOUND' && action === 'apply') return words('Failed to load snapshot: No such file or directory')
  if (code === 'UNSUPPORTED' && where.field === 'format')
    return words(action === 'apply' ? 'Block driver does not support snapshots' : '-95 (Operation not supported)')
  if (code === 'UNSUPPORTED' && where.field === 'data file') return words('-95 (Operation not supported)')
  if (code === 'UNSUPPORTED' && where.field === 'refcount_bits') return words('-22 (Invalid argument)')
  return words(message)
}
