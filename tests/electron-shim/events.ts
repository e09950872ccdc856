import type { EventEmitter } from 'node:events'

/** Emits an event that listeners may prevent, and answers whether none did. */
export function cancellable(emitter: EventEmitter, name: string): boolean {
  let prevented = false
  emitter.emit(name, { preventDefault: () => (prevented = true) })
  return !prevented
}
