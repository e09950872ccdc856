import type { FormatName } from './model.ts'

/** What the snapshots of an image cost. Bytes of the image's file, in whole clusters. */

/** `alone`: nobody else holds it, so that it is given back when only this one goes. `shared`: somebody else holds it, too. */
export interface HeldSpace {
  alone: number
  shared: number
}

/** `now` is the disk as it is. Each holds guest bytes, machine state and the tables that lead to them. */
export interface SnapshotSpace {
  now: HeldSpace
  snapshots: ({ id: string } & HeldSpace)[]
}

export interface SnapshotSpaceRequest {
  path: string
  format?: FormatName
  /** take the time that it needs, which can be many seconds for a map of gigabytes */
  thorough?: boolean
}

export interface SnapshotSpaceResult {
  /** absent where telling it would take long, and nobody asked to be thorough */
  space?: SnapshotSpace
}
