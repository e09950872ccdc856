import type { DiskInfo, Qcow2Options } from '../../../shared/model.ts'
import type {
  CheckRequest,
  CompactRequest,
  ConvertRequest,
  CreateRequest,
  ResizeRequest,
  SnapshotAction,
} from '../../../shared/requests.ts'
import { sizeArgument } from './sizes.ts'

/** What a line calls the passphrase of an encrypted disk that it reads. */
const SOURCE_SECRET = 'src0'

/** The `strata create` line that does what the request does. */
export function createCommand(request: CreateRequest): string {
  const parts = ['strata', 'create', ...secretOf(request.qcow2), '-f', request.format, ...optionArguments(request.qcow2)]
  if (request.backing) {
    parts.push('-b', quote(request.backing.name))
    if (request.backing.format !== undefined) parts.push('-F', request.backing.format)
  }
  parts.push(quote(request.path))
  if (request.size !== undefined) parts.push(sizeArgument(request.size))
  return parts.join(' ')
}

/** The `strata convert` line that does what the request does; `encrypted` where the source needs a passphrase, which its name then states. */
export function convertCommand(request: ConvertRequest, encrypted = false): string {
  const { source, target } = request
  const parts = ['strata', 'convert', '-p', ...(encrypted ? secretArguments([SOURCE_SECRET]) : []), ...secretOf(target.qcow2)]
  if (encrypted) parts.push('--image-opts')
  else if (source.format) parts.push('-f', source.format)
  parts.push('-O', target.format)
  if (target.compress) parts.push('-c')
  if (target.compress && target.qcow2?.compressionLevel !== undefined) parts.push(`--level=${target.qcow2.compressionLevel}`)
  if (target.backing) parts.push('-B', quote(target.backing.name))
  if (target.backing?.format !== undefined) parts.push('-F', target.backing.format)
  if (request.replaceSource) parts.push('--replace-source')
  else if (request.verify) parts.push('--verify')
  if (source.snapshot !== undefined) parts.push('-l', quote(`snapshot.id=${source.snapshot}`))
  const from = encrypted ? lockedImage(source.path, SOURCE_SECRET) : source.path
  parts.push(...optionArguments(target.qcow2), quote(from), quote(target.path))
  return parts.join(' ')
}

/** The `strata resize` line that does what the request does; `force` where images stand on a disk that gets smaller. */
export function resizeCommand(request: ResizeRequest, force = false): string {
  const parts = ['strata', 'resize']
  if (request.format) parts.push('-f', request.format)
  if (request.preallocation && request.preallocation !== 'off') parts.push(`--preallocation=${request.preallocation}`)
  if (request.shrink) parts.push('--shrink')
  if (force) parts.push('--force')
  parts.push(quote(request.path), sizeArgument(request.size))
  return parts.join(' ')
}

/** The `strata snapshot` lines that do the same, one after the other. Empty where the terminal, which deletes by name, would delete another. */
export function snapshotCommand(disk: DiskInfo, actions: readonly SnapshotAction[], force: boolean): string {
  if (actions.some((action) => action.do === 'delete' && !hasOwnName(disk, action.snapshot))) return ''
  const lines = actions.map((action) => {
    const forced = force && action.do === 'apply' ? ['--force'] : []
    return ['strata', 'snapshot', ...snapshotArguments(disk, action), ...forced, quote(disk.path)].join(' ')
  })
  return lines.join(' && ')
}

function snapshotArguments(disk: DiskInfo, action: SnapshotAction): string[] {
  switch (action.do) {
    case 'create':
      return ['-c', quote(action.name)]
    case 'apply':
      return ['-a', quote(named(disk, action.snapshot))]
    case 'delete':
      return ['-d', quote(named(disk, action.snapshot))]
    case 'rename':
      return ['--rename', quote(named(disk, action.snapshot)), '--to', quote(action.name)]
  }
}

/** The name of the snapshot with this id, or the id where the name may mean another. */
function named(disk: DiskInfo, id: string): string {
  return hasOwnName(disk, id) ? (disk.snapshots.find((snapshot) => snapshot.id === id)?.name ?? id) : id
}

/** Whether the snapshot with this id has a name that is no other's name or id. */
function hasOwnName(disk: DiskInfo, id: string): boolean {
  const name = disk.snapshots.find((snapshot) => snapshot.id === id)?.name ?? ''
  return name !== '' && disk.snapshots.filter((snapshot) => snapshot.name === name || snapshot.id === name).length === 1
}

/** The `strata check` line that does what the request does; `force` where images stand on the disk. */
export function checkCommand({ path, format, repair, dryRun }: CheckRequest, force: boolean): string {
  const parts = ['strata', 'check']
  if (format) parts.push('-f', format)
  if (repair) parts.push('-r', repair)
  if (dryRun) parts.push('--dry-run')
  if (force) parts.push('--force')
  return [...parts, quote(path)].join(' ')
}

/** The `strata compact` line that does what the request does; `encrypted` where the disk needs a passphrase, which its name then states. */
export function compactCommand({ path, format, how, compress }: CompactRequest, encrypted = false): string {
  const parts = ['strata', 'compact', '-p', ...(encrypted ? [...secretArguments([SOURCE_SECRET]), '--image-opts'] : [])]
  if (format && !encrypted) parts.push('-f', format)
  if (how === 'rewrite') parts.push('--rewrite')
  if (compress) parts.push('-c')
  return [...parts, quote(encrypted ? lockedImage(path, SOURCE_SECRET) : path)].join(' ')
}

/** The `-o` of these options, or nothing. */
export function optionArguments(options: Qcow2Options | undefined): string[] {
  const pairs: string[] = []
  if (options?.clusterSize !== undefined) pairs.push(`cluster_size=${sizeArgument(options.clusterSize)}`)
  if (options?.compat !== undefined) pairs.push(`compat=${options.compat}`)
  if (options?.refcountBits !== undefined) pairs.push(`refcount_bits=${options.refcountBits}`)
  if (options?.preallocation !== undefined && options.preallocation !== 'off') pairs.push(`preallocation=${options.preallocation}`)
  if (options?.lazyRefcounts) pairs.push('lazy_refcounts=on')
  if (options?.extendedL2) pairs.push('extended_l2=on')
  if (options?.compressionType !== undefined) pairs.push(`compression_type=${options.compressionType}`)
  if (options?.encrypt) {
    const { format, secret, iterTime } = options.encrypt
    pairs.push(`encrypt.format=${format}`, `encrypt.key-secret=${secret}`)
    if (iterTime !== undefined) pairs.push(`encrypt.iter-time=${iterTime}`)
  }
  return pairs.length === 0 ? [] : ['-o', pairs.join(',')]
}

/** An encrypted disk as `--image-opts` names it, with the passphrase that opens it. */
export function lockedImage(path: string, secret: string): string {
  return `driver=qcow2,file.filename=${path.replaceAll(',', ',,')},encrypt.key-secret=${secret}`
}

/** The words that have the passphrase of a new disk read from a file. */
function secretOf(options: Qcow2Options | undefined): string[] {
  return options?.encrypt ? secretArguments([options.encrypt.secret]) : []
}

/** The words of a line that reads each passphrase from a file of its own. */
export function secretArguments(ids: readonly string[]): string[] {
  return ids.flatMap((id) => ['--object', `secret,id=${id},file=${id}.txt`])
}

/** Quotes an argument for a POSIX shell where it needs it; a Windows path gets double quotes. */
export function quote(argument: string): string {
  if (/^[A-Za-z0-9_./:@%+=,~-]+$/.test(argument)) return argument
  if (/^[A-Za-z]:\\/.test(argument)) return `"${argument}"`
  return `'${argument.replaceAll("'", `'\\''`)}'`
}
