import { WINDOW_METHODS, type Client, type WindowApi, type WindowEvents } from '../api.ts'
import { StrataError } from '../errors.ts'
import { asEvent, asReply, type CallMessage, type Channel } from './protocol.ts'

type EventName = keyof WindowEvents
type Listener = (data: unknown) => void

/** The window's face of its host: every method of the api, and the host's events. */
export type WindowClient = Client<WindowApi> & {
  /** Calls back for each event of that name; answers how to stop. */
  on<E extends EventName>(event: E, listener: (data: WindowEvents[E]) => void): () => void
}

/**
 * The api over a channel. A call rejects with the host's error as a `StrataError`, and with `WORKER_DIED` when the channel
 * closes before the answer or is closed already. What the host sends is believed: it is the trusted side.
 */
export function makeClient(channel: Channel): WindowClient {
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>()
  const listeners = new Map<string, Set<Listener>>()
  let calls = 0
  let closed = false

  channel.onMessage((data) => {
    const event = asEvent(data)
    if (event) {
      for (const listener of listeners.get(event.event) ?? []) listener(event.data)
      return
    }
    const reply = asReply(data)
    const call = reply && pending.get(reply.id)
    if (!call) return
    pending.delete(reply.id)
    if ('error' in reply) call.reject(StrataError.fromDto(reply.error))
    else call.resolve(reply.ok)
  })

  channel.onClose(() => {
    closed = true
    for (const { reject } of pending.values()) reject(disconnected())
    pending.clear()
  })

  const call = (method: string, request: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (closed) {
        reject(disconnected())
        return
      }
      const message: CallMessage = { id: ++calls, method, request }
      pending.set(message.id, { resolve, reject })
      channel.send(message)
    })

  // Built from the list of methods, whose types the compiler can't carry through the loop.
  const methods = Object.fromEntries(
    WINDOW_METHODS.map((method) => [method, (request: unknown) => call(method, request)]),
  ) as Client<WindowApi>

  return {
    ...methods,
    on(event, listener) {
      const heard: Listener = (data) => listener(data as WindowEvents[typeof event])
      const all = listeners.get(event) ?? new Set()
      listeners.set(event, all.add(heard))
      return () => void all.delete(heard)
    },
  }
}

function disconnected(): StrataError {
  return new StrataError(
    'WORKER_DIED',
    'The connection to Strata was lost',
    {},
    'Start Strata again, or wait until the window has reconnected.',
  )
}
