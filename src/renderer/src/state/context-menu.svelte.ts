import type { Action } from './action.ts'

/** A menu at a point of the window. */
interface Shown {
  x: number
  y: number
  items: readonly Action[]
  /** what had the keyboard, and gets it back */
  from: HTMLElement | undefined
}

/** The one menu that a right click opens, or the keyboard's menu key. */
export class ContextMenu {
  #shown = $state.raw<Shown | undefined>(undefined)

  get shown(): Shown | undefined {
    return this.#shown
  }

  /** Opens where the pointer is; for the keyboard, under what has it. */
  open(event: MouseEvent, items: readonly Action[]): void {
    if (items.length === 0) return
    event.preventDefault()
    event.stopPropagation()
    const target = event.currentTarget instanceof HTMLElement ? event.currentTarget : undefined
    // A key press has no button, and says of its place what the browser likes.
    const box = event.button === -1 || event.detail === 0 ? target?.getBoundingClientRect() : undefined
    const pressed = event.button === 2
    const at = pressed || !box ? { x: event.clientX, y: event.clientY } : { x: box.left + 24, y: box.bottom }
    this.#shown = { ...at, items, from: document.activeElement instanceof HTMLElement ? document.activeElement : undefined }
  }

  close(): void {
    this.#shown = undefined
  }
}
