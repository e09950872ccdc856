import { WINDOW_METHODS, type Client, type WindowApi, type WindowEvents } from '../../../shared/api.ts'
import { makeClient, type WindowClient } from '../../../shared/rpc/client.ts'
import type { Channel } from '../../../shared/rpc/protocol.ts'

type EventName = keyof WindowEvents
type Registration = (client: WindowClient) => void

/** Milliseconds between two tries to reach a server that is gone; the last repeats. */
const PAUSES = [300, 700, 1500, 3000, 5000]

/**
 * A client that outlives its socket: when the socket drops it connects again, and listeners move to the new one. A call that was on its way
 * rejects; a call made meanwhile waits for the connection.
 */
export class ServerLink {
  readonly #connect: () => WebSocket
  readonly #registrations: Registration[] = []
  readonly #linkListeners: ((up: boolean) => void)[] = []
  #ready = Promise.withResolvers<WindowClient>()
  #current: WindowClient | undefined
  #tries = 0
  readonly client: Client<WindowApi>

  constructor(connect: () => WebSocket) {
    this.#connect = connect
    // Built from the list of methods, whose types the compiler can't carry through the loop.
    this.client = Object.fromEntries(
      WINDOW_METHODS.map((method) => [method, async (request: never) => (await this.#ready.promise)[method](request)]),
    ) as unknown as Client<WindowApi>
    this.#open()
  }

  /** Calls back at each event of this name, over every connection to come. */
  on<E extends EventName>(event: E, listener: (data: WindowEvents[E]) => void): void {
    const register: Registration = (client) => void client.on(event, listener)
    this.#registrations.push(register)
    if (this.#current) register(this.#current)
  }

  /** Calls back when the connection is lost, and when it is back. */
  onLink(listener: (up: boolean) => void): void {
    this.#linkListeners.push(listener)
  }

  #open(): void {
    const socket = this.#connect()
    socket.addEventListener('open', () => {
      const client = makeClient(channelOf(socket))
      const isReturn = this.#tries > 0
      this.#tries = 0
      this.#current = client
      for (const register of this.#registrations) register(client)
      this.#ready.resolve(client)
      if (isReturn) this.#tell(true)
    })
    socket.addEventListener('close', () => {
      if (this.#current) this.#ready = Promise.withResolvers()
      this.#current = undefined
      if (this.#tries === 0) this.#tell(false)
      const pause = PAUSES[Math.min(this.#tries, PAUSES.length - 1)]
      this.#tries++
      setTimeout(() => this.#open(), pause)
    })
  }

  #tell(up: boolean): void {
    for (const listener of this.#linkListeners) listener(up)
  }
}

function channelOf(socket: WebSocket): Channel {
  return {
    send: (data) => socket.send(JSON.stringify(data)),
    onMessage: (listener) => socket.addEventListener('message', (event: MessageEvent<string>) => listener(JSON.parse(event.data))),
    onClose: (listener) => socket.addEventListener('close', listener, { once: true }),
  }
}
