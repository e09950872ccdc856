import type { HostFacts, WindowApi } from '../shared/api.ts'

type Optional = 'openDialog' | 'saveDialog' | 'showInFolder' | 'dragOut' | 'notify' | 'listFolder' | 'findDropped'
type Answer<M extends keyof WindowApi> = ReturnType<WindowApi[M]> | Promise<ReturnType<WindowApi[M]>>

/**
 * What the program around the host can do for a window: the desktop has native dialogs, the server a file picker of its own. Requests are
 * valid when they come here; what is absent is refused as `UNSUPPORTED`. Whatever paths dialogs answer, the host grants.
 */
export type Shell = {
  facts: HostFacts
  /** puts a file into the system's bin; absent where there is none */ moveToBin?: (path: string) => Promise<void>
  /** asks the person for a folder, with the system's own dialog; absent where there is none */
  folderDialog?: (title: string) => Promise<string | undefined>
  /** puts images into the system's list of recent documents; absent where there is none */
  remember?: (paths: readonly string[]) => void
  /** asks the person, outside of the window, whether Strata may read and change the file at this canonical path; absent where nobody can be asked */
  askGrant?: (path: string) => Promise<boolean>
} & { [M in Optional]?: (request: Parameters<WindowApi[M]>[0]) => Answer<M> }
