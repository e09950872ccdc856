/** The IPC channel of the messages of `rpc/protocol.ts`, in both directions. */
export const MESSAGE_CHANNEL = 'strata:message'
/** The IPC channel on which the preload script tells the path of a real file. */
export const DROPPED_CHANNEL = 'strata:dropped'

/** What the desktop's preload script gives the window as `window.strata`; a browser has none. The messages are those of `rpc/protocol.ts`. */
export interface Bridge {
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /**
   * The path of a file that the person dropped or chose, which from then on may be opened; empty for a file that a script made.
   * It takes a real `File`, never a path: a page can't grant itself what nobody gave it.
   */
  pathForFile(file: File): string
}
