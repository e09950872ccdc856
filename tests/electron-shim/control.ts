import type { EventEmitter } from 'node:events'
import type { MenuItemConstructorOptions } from 'electron'

/** What a test may set, by `POST /__shim/control` with any of these as JSON. */
export interface ControlInput {
  /** what the next open dialogs answer, one list after the other; an empty list is a cancelled dialog */
  open?: string[][]
  /** what the next save dialogs answer; null is a cancelled dialog */
  save?: (string | null)[]
  /** the buttons, by index, that the next message boxes are answered with; without, the second: the one that goes on */
  answers?: number[]
  /** where files of these names lie, when they are dropped on the page */
  dropped?: Record<string, string>
  /** a second Strata was started with these files */
  secondInstance?: string[]
  /** the system hands over a file */
  openFile?: string
  /** whether the person looks at the window; they do unless told otherwise */
  focused?: boolean
  /** the person chooses the menu's item of this label */
  menu?: string
}

/** What `GET /__shim/control` answers. */
export interface ControlReport {
  /** what was shown in the file manager */
  shown: string[]
  /** files that were dragged out of the window */
  draggedOut: string[]
  /** what was put into the system's list of recent documents */
  recent: string[]
  /** notifications that were shown */
  notified: { title: string; body: string }[]
  /** the task bar's states, one after the other, equal neighbours once */
  taskBar: { share: number; mode: string }[]
}

/** The person's hands and the system around the window, as a test moves them. */
class Control {
  app: EventEmitter | undefined
  menu: MenuItemConstructorOptions[] = []
  readonly shown: string[] = []
  readonly draggedOut: string[] = []
  readonly recent: string[] = []
  readonly notified: ControlReport['notified'] = []
  readonly taskBar: ControlReport['taskBar'] = []
  /** whether a person looks at the window */
  focused = true
  readonly #open: string[][] = []
  readonly #save: (string | null)[] = []
  readonly #answers: number[] = []
  readonly #dropped = new Map<string, string>()

  take(input: ControlInput): void {
    this.#open.push(...(input.open ?? []))
    this.#save.push(...(input.save ?? []))
    this.#answers.push(...(input.answers ?? []))
    for (const [name, path] of Object.entries(input.dropped ?? {})) this.#dropped.set(name, path)
    if (input.secondInstance) this.app?.emit('second-instance', {}, [], '', { files: input.secondInstance })
    if (input.openFile !== undefined) this.app?.emit('open-file', { preventDefault() {} }, input.openFile)
    if (input.focused !== undefined) this.focused = input.focused
    if (input.menu !== undefined) this.#choose(input.menu)
  }

  report(): ControlReport {
    const { shown, draggedOut, recent, notified, taskBar } = this
    return { shown, draggedOut, recent, notified, taskBar }
  }

  takeOpen(): string[] {
    return this.#open.shift() ?? []
  }

  takeSave(): string | undefined {
    return this.#save.shift() ?? undefined
  }

  takeAnswer(): number {
    return this.#answers.shift() ?? 1
  }

  /** Empty for a file that nobody dropped, as Electron answers for files that a script made. */
  pathOf(name: string): string {
    return this.#dropped.get(name) ?? ''
  }

  #choose(label: string): void {
    for (const { submenu } of this.menu) {
      const item = Array.isArray(submenu) ? submenu.find((entry) => entry.label === label) : undefined
      // Strata's items take none of the arguments that Electron hands over.
      if (item?.click) (item.click as () => void)()
    }
  }
}

export const control = new Control()
