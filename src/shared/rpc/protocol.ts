import { ERROR_CODES, type ErrorDto } from '../errors.ts'

/**
 * A two-way pipe of plain data between one window and its host: Electron's IPC, a web socket, or two ends in a test.
 * Listeners add up; `onClose` listeners run once.
 */
export interface Channel {
  send(data: unknown): void
  onMessage(listener: (data: unknown) => void): void
  onClose(listener: () => void): void
}

/** From the window: a call, answered once. `id` is the window's own count. */
export interface CallMessage {
  id: number
  method: string
  request: unknown
}

/** From the host: the answer to the call with that id. */
export type ReplyMessage = { id: number; ok: unknown } | { id: number; error: ErrorDto }

/** From the host: something every window is told. */
export interface EventMessage {
  event: string
  data: unknown
}

/** The message as a call; undefined when it is none. Only own properties count, as the other side may be hostile. */
export function asCall(data: unknown): CallMessage | undefined {
  const id = own(data, 'id')
  const method = own(data, 'method')
  return isId(id) && typeof method === 'string' ? { id, method, request: own(data, 'request') } : undefined
}

/** The id of a message that is no call, so that at least an error can be sent back. */
export function idOf(data: unknown): number | undefined {
  const id = own(data, 'id')
  return isId(id) ? id : undefined
}

/** The message as a reply; undefined when it is none. */
export function asReply(data: unknown): ReplyMessage | undefined {
  const id = own(data, 'id')
  if (!isId(id)) return undefined
  const error = own(data, 'error')
  return isErrorDto(error) ? { id, error } : { id, ok: own(data, 'ok') }
}

/** The message as an event; undefined when it is none. */
export function asEvent(data: unknown): EventMessage | undefined {
  const event = own(data, 'event')
  return typeof event === 'string' ? { event, data: own(data, 'data') } : undefined
}

function own(data: unknown, key: string): unknown {
  return typeof data === 'object' && data !== null && Object.hasOwn(data, key) ? (data as Record<string, unknown>)[key] : undefined
}

function isId(id: unknown): id is number {
  return Number.isSafeInteger(id)
}

function isErrorDto(error: unknown): error is ErrorDto {
  const where = own(error, 'where')
  return (
    ERROR_CODES.some((code) => code === own(error, 'code')) &&
    typeof own(error, 'message') === 'string' &&
    typeof where === 'object' &&
    where !== null
  )
}
