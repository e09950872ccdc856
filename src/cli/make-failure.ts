import { StrataError } from '../shared/errors.ts'
import { Failure } from './failure.ts'
import { systemWords } from './open-failure.ts'

/** Why a new image could not be made; `what` says first which image, and what was going on. What is no error of the engine's stays. */
export function makeFailure(path: string, what: string, error: unknown): unknown {
  if (!(error instanceof StrataError)) return error
  const dto = error.toDto()
  const nameless = path === ''
  const words = nameless ? 'No such file or directory' : systemWords(dto)
  const system = nameless || (['NOT_FOUND', 'DENIED', 'NO_SPACE'].includes(dto.code) && dto.where.field === undefined)
  return new Failure(`${what}: ${system ? `Could not create '${path}': ` : ''}${words}`, { hint: nameless ? undefined : dto.hint })
}
