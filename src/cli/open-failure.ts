import type { ErrorDto } from '../shared/errors.ts'
import type { ChainInfo } from '../shared/model.ts'
import { Failure } from './failure.ts'

/** The operating system's words for what the engine says in a person's; scripts know these. */
const SYSTEM_WORDS: Partial<Record<ErrorDto['code'], string>> = {
  NOT_FOUND: 'No such file or directory',
  DENIED: 'Permission denied',
  NO_SPACE: 'No space left on device',
}

/** The system's words for an error that comes from it, or the engine's own sentence with its place in the image. */
export function systemWords({ code, message, where }: ErrorDto): string {
  if (where.offset !== undefined) return `${message} (${where.field === undefined ? '' : `${where.field} `}at byte ${where.offset})`
  return where.field === undefined ? (SYSTEM_WORDS[code] ?? message) : message
}

/** Why an image did not open, in qemu-img's words where it has some. `named` is the file that the command line names. */
export function openReason(named: string, error: ErrorDto): string {
  const at = error.where.path ?? named
  const below = at === named ? '' : 'Could not open backing file: '
  if (error.code === 'WRONG_PASSPHRASE') return `${below}Invalid password, cannot unlock any keyslot`
  if (error.code === 'NO_PASSPHRASE') return `${below}Parameter 'encrypt.key-secret' is required for cipher`
  if (error.code === 'BAD_MAGIC') return `${below}Image is not in qcow2 format`
  if (error.where.field === undefined && SYSTEM_WORDS[error.code] !== undefined)
    return `${below}Could not open '${at}': ${systemWords(error)}`
  return `${below}${systemWords(error)}`
}

/** The image at `path` did not open; `named` is what the command line calls it. */
export function openFailure(path: string, error: ErrorDto, named = path): Failure {
  return new Failure(`Could not open '${named}': ${openReason(path, error)}`, { hint: error.hint })
}

/** The error of the layer that a chain breaks at. */
export function brokenLayer({ path, code, message, hint }: NonNullable<ChainInfo['broken']>): ErrorDto {
  // A refusal may be the gate's and not the system's: its own sentence says which.
  const where = code === 'DENIED' ? { path, field: 'backing file' } : { path }
  const dto: ErrorDto = { code: code as ErrorDto['code'], message, where }
  return hint === undefined ? dto : { ...dto, hint }
}
