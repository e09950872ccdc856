import { WINDOW_METHODS, type Handlers, type WindowApi, type WindowEvents } from '../api.ts'
import { StrataError, toErrorDto } from '../errors.ts'
import { asCall, idOf, type Channel, type EventMessage, type ReplyMessage } from './protocol.ts'

/** Tells one window something. After the channel closed it does nothing. */
export type Tell = <E extends keyof WindowEvents>(event: E, data: WindowEvents[E]) => void

/**
 * Answers a window's calls over its channel, until that closes. Each handler is handed whatever the window sent and must validate it
 * itself; what it throws goes back as data, without its stack. Answers how to tell this window of events.
 */
export function serve(handlers: Handlers<WindowApi>, channel: Channel): Tell {
  let open = true
  const send = (message: ReplyMessage | EventMessage) => {
    if (open) channel.send(message)
  }

  const answer = async (data: unknown): Promise<void> => {
    const call = asCall(data)
    const id = call?.id ?? idOf(data)
    if (id === undefined) return // nobody waits for an answer
    try {
      const handler = call && handlerOf(handlers, call.method)
      if (!handler) throw new StrataError('INVALID_ARGUMENT', 'The message is not a call that Strata knows', { field: 'method' })
      send({ id, ok: (await handler(call.request)) ?? null })
    } catch (error) {
      send({ id, error: toErrorDto(error) })
    }
  }

  channel.onMessage((data) => void answer(data))
  channel.onClose(() => (open = false))
  return (event, data) => send({ event, data })
}

/** The handler of that name; only the api's own names count, never what an object inherits. */
function handlerOf(handlers: Handlers<WindowApi>, name: string): ((request: unknown) => unknown) | undefined {
  const method = WINDOW_METHODS.find((known) => known === name)
  return method && (handlers[method].bind(handlers) as (request: unknown) => unknown)
}
