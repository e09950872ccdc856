import type { CommandName } from './commands.ts'
import type { DiskLayout } from './disk-layout.ts'
import type { ErrorDto } from './errors.ts'
import type { LibraryView } from './library-view.ts'
import type { MapOverview, MapOverviewRequest } from './map-overview.ts'
import type { ChainInfo, CheckReport, FormatName, Progress } from './model.ts'
import type {
  AmendRequest,
  AmendResult,
  BenchRequest,
  BenchResult,
  BitmapRequest,
  BitmapResult,
  CheckRequest,
  CommitRequest,
  CommitResult,
  CompactRequest,
  CompareRequest,
  CompareResult,
  CompactResult,
  ConvertRequest,
  ConvertResult,
  CreateRequest,
  CreateResult,
  DependantsRequest,
  DependantsResult,
  Estimate,
  FindParentRequest,
  FindParentResult,
  MapRequest,
  MapResult,
  MeasureRequest,
  MeasureResult,
  RebaseRequest,
  RebaseResult,
  ResizeRequest,
  ResizeResult,
  SnapshotRequest,
  SnapshotResult,
  SourceImage,
} from './requests.ts'
import type { SnapshotChanges, SnapshotChangesRequest } from './snapshot-changes.ts'
import type { SnapshotSpaceRequest, SnapshotSpaceResult } from './snapshot-space.ts'

/** What the engine does. The one contract: every client, server and worker type below derives from it. */
export interface EngineApi {
  info(request: { path: string; format?: FormatName }): ChainInfo
  estimate(request: ConvertRequest): Estimate
  map(request: MapRequest): MapResult
  dependants(request: DependantsRequest): DependantsResult
  findParent(request: FindParentRequest): FindParentResult
  mapOverview(request: MapOverviewRequest): MapOverview
  layout(request: SourceImage): DiskLayout
  snapshotChanges(request: SnapshotChangesRequest): SnapshotChanges
  snapshotSpace(request: SnapshotSpaceRequest): SnapshotSpaceResult
  /** tries the passphrase that came for an image; `certain` is false where a wrong one can't be told from the right one */
  opens(request: { path: string; format?: FormatName }): { certain: boolean }
  create(request: CreateRequest): CreateResult
  convert(request: ConvertRequest): ConvertResult
  check(request: CheckRequest): CheckReport
  compact(request: CompactRequest): CompactResult
  measure(request: MeasureRequest): MeasureResult
  compare(request: CompareRequest): CompareResult
  bench(request: BenchRequest): BenchResult
  resize(request: ResizeRequest): ResizeResult
  amend(request: AmendRequest): AmendResult
  bitmap(request: BitmapRequest): BitmapResult
  snapshot(request: SnapshotRequest): SnapshotResult
  commit(request: CommitRequest): CommitResult
  rebase(request: RebaseRequest): RebaseResult
}

/** A query answers at once from the standing worker; a job has a thread of its own, progress, pause and cancel. */
export const ENGINE = {
  info: 'query',
  estimate: 'query',
  map: 'query',
  dependants: 'query',
  findParent: 'query',
  mapOverview: 'query',
  layout: 'query',
  snapshotChanges: 'query',
  snapshotSpace: 'query',
  opens: 'query',
  create: 'job',
  convert: 'job',
  check: 'job',
  compact: 'job',
  measure: 'job',
  compare: 'job',
  bench: 'job',
  resize: 'job',
  amend: 'job',
  bitmap: 'job',
  snapshot: 'job',
  commit: 'job',
  rebase: 'job',
} as const satisfies Record<keyof EngineApi, 'query' | 'job'>

export type Request<M extends keyof EngineApi> = Parameters<EngineApi[M]>[0]
export type Result<M extends keyof EngineApi> = ReturnType<EngineApi[M]>
export type QueryName = { [M in keyof EngineApi]: (typeof ENGINE)[M] extends 'query' ? M : never }[keyof EngineApi]
export type JobName = { [M in keyof EngineApi]: (typeof ENGINE)[M] extends 'job' ? M : never }[keyof EngineApi]

/** A job to start: its verb and that verb's request. */
export type JobOrder<M extends JobName = JobName> = {
  [K in M]: {
    kind: K
    request: Request<K>
    /** the person was told what else will read otherwise, and said to go on: in the terminal, --force. The job is done the same without it. */
    forced?: boolean
  }
}[M]
/** What a finished job gave. */
export type JobOutcome<M extends JobName = JobName> = { [K in M]: { kind: K; result: Result<K> } }[M]

/** `interrupted`: Strata ended before the job did. */
export type JobStatus = 'waiting' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled' | 'interrupted'

/** Jobs that run at once where the person has not said otherwise, and the most that may be asked for. */
export const AT_ONCE = 2
export const MOST_AT_ONCE = 8

/** One job as every window sees it. Times are milliseconds since 1970. */
export interface JobView {
  id: number
  order: JobOrder
  status: JobStatus
  progress: Progress
  /** bytes a second over the last few seconds; undefined until it can be told */
  speed?: number
  /** seconds left at that speed */
  secondsLeft?: number
  /** the turn of one that waits, from 1 */
  place?: number
  started: number
  ended?: number
  outcome?: JobOutcome
  error?: ErrorDto
}

/** An image that the library remembers. */
export interface LibraryEntry {
  path: string
  /** milliseconds since 1970 */
  added: number
  /** false when no file is there now */
  present: boolean
  /** undefined when the file is missing or can't be read; `error` then says why */
  chain?: ChainInfo
  error?: ErrorDto
  /** the last check's verdict, if the image was checked */
  health?: { verdict: 'fine' | 'leaks' | 'corrupt'; at: number }
}

/** A folder whose images are in the library. */
export interface WatchedFolder {
  path: string
  /** false when it is gone, or closed to Strata */
  present: boolean
  /** images directly in it */
  images: number
  /** it holds more than Strata takes into the library */
  more: boolean
}

/** The images directly in a folder. */
export interface FolderImages {
  /** by name */
  paths: string[]
  /** it holds more than these */
  more: boolean
}

/** Images of a folder that are taken at once. */
export const MOST_AT_A_TIME = 200

export interface FolderListing {
  path: string
  /** the folder above, if it may be listed */
  parent?: string
  entries: { name: string; path: string; folder: boolean; size: number; modified: number }[]
  /** the granted folders, as places to start from */
  roots: string[]
}

export interface Settings {
  theme: 'system' | 'light' | 'dark'
  /** jobs that run at once, 1 to `MOST_AT_ONCE`; absent means `AT_ONCE` */
  jobsAtOnce?: number
  /** whether the system tells the end of a job while nobody looks at the window; absent means yes in the desktop, and no in a browser */
  notifications?: boolean
  /** how the list of disks is drawn; absent means as at first */
  list?: LibraryView
}

export interface HostFacts {
  /** `desktop` has native dialogs and paths of dropped files; `browser` has neither */
  kind: 'desktop' | 'browser'
  platform: string
  version: string
  home: string
  separator: '/' | '\\'
}

export interface FileFilter {
  name: string
  extensions: string[]
}

/** What a browser knows of a dropped file; the host looks for it in the granted folders. */
export interface DroppedFile {
  name: string
  size: number
  /** milliseconds since 1970 */
  modified: number
}

/** Another name or place for an image file. */
export interface MoveRequest {
  path: string
  to: string
  /** images whose backing file it is, which are told the new name */
  overlays: string[]
}

/** An image file that shall go: to the system's bin, or `forever` where there is none. */
export interface DiscardRequest {
  path: string
  forever: boolean
}

/** Everything a window may ask of its host. Each method takes one plain object and answers with plain data. */
export interface WindowApi extends Pick<EngineApi, Exclude<QueryName, 'opens'>> {
  facts(request: Record<string, never>): HostFacts
  library(request: Record<string, never>): LibraryEntry[]
  /** remembers images and answers with the whole library; a path must be granted */
  addToLibrary(request: { paths: string[] }): LibraryEntry[]
  /** forgets an image; the file stays */
  removeFromLibrary(request: { path: string }): LibraryEntry[]
  /** the folders that are watched */
  folders(request: Record<string, never>): WatchedFolder[]
  /** watches a granted folder; without a path (desktop only), one that the person chooses in the native dialog, if any */
  addFolder(request: { path: string } | { title: string }): WatchedFolder[]
  /** forgets a folder and the images that came by it; the files stay */
  removeFolder(request: { path: string }): WatchedFolder[]
  /**
   * the images directly in a folder that was granted or dropped, which are granted by it; without a path (desktop only), in one that the person
   * chooses in the native dialog, if any. A file is its own answer.
   */
  imagesIn(request: { path: string } | { title: string }): FolderImages
  /** looks into the watched folders, and at all images, for what changed outside of Strata */
  lookAgain(request: Record<string, never>): void
  /** says where a missing image of the library is now; what is known of it goes along */
  relocate(request: { path: string; to: string }): LibraryEntry[]
  /** renames an image file within its file system, and repairs the overlays named; answers when all is done */
  moveImage(request: MoveRequest): LibraryEntry[]
  /** away with an image file, and out of the library */
  discardImage(request: DiscardRequest): LibraryEntry[]
  jobs(request: Record<string, never>): JobView[]
  startJob(request: JobOrder): JobView
  pauseJob(request: { id: number }): void
  resumeJob(request: { id: number }): void
  cancelJob(request: { id: number }): void
  /** lets a waiting job go before another one that waits, or last; anything else stays as it is */
  moveJob(request: { id: number; before?: number }): void
  /** gives the order of a job that failed, was cancelled or was interrupted anew, as a new job */
  retryJob(request: { id: number }): JobView
  /** pauses what runs and lets nothing begin, until `resumeJobs` */
  pauseJobs(request: Record<string, never>): void
  resumeJobs(request: Record<string, never>): void
  /** cancels everything that runs, waits or is paused */
  cancelJobs(request: Record<string, never>): void
  /** forgets jobs that have ended */
  clearJobs(request: Record<string, never>): void
  /** tries a passphrase on an encrypted image and keeps it for this session; answers with all unlocked images, as `unlocked` does */
  unlock(request: { path: string; passphrase: string }): string[]
  /** forgets the passphrase of an image */
  lock(request: { path: string }): string[]
  /** the paths of the images whose passphrases are kept */
  unlocked(request: Record<string, never>): string[]
  /** keeps a passphrase for one order, which names it as `secret`; forgotten after ten minutes */
  holdSecret(request: { passphrase: string }): { name: string }
  settings(request: Record<string, never>): Settings
  saveSettings(request: Settings): Settings
  /** files of Strata's own that were damaged and kept aside since the program began: where each lies now */
  keptAside(request: Record<string, never>): string[]
  /** desktop only: a notification of the system, while none of Strata's windows is looked at */
  notify(request: { title: string; body: string }): void
  /** desktop only: the native open dialog; granted paths, empty when the person cancels */
  openDialog(request: { title: string; filters: FileFilter[]; several: boolean }): string[]
  /** desktop only: the native save dialog; a granted path, or null */
  saveDialog(request: { title: string; suggestion: string; filters: FileFilter[] }): string | null
  /** browser only: a folder inside the granted ones, for the server-side file picker */
  listFolder(request: { path?: string }): FolderListing
  /** browser only: granted files that have this name, size and time */
  findDropped(request: DroppedFile): string[]
  /** desktop only: the host asks the person whether Strata may read and change a file that an image names; answers whether it may now */
  requestGrant(request: { path: string }): boolean
  /** desktop only: selects the file in the system's file manager */
  showInFolder(request: { path: string }): void
  /** desktop only: the file goes with the drag that the person has begun, out of the window, as a copy */
  dragOut(request: { path: string }): void
}

export const WINDOW_METHODS = [
  'info',
  'estimate',
  'map',
  'dependants',
  'findParent',
  'mapOverview',
  'layout',
  'snapshotChanges',
  'snapshotSpace',
  'facts',
  'library',
  'addToLibrary',
  'removeFromLibrary',
  'folders',
  'addFolder',
  'removeFolder',
  'imagesIn',
  'lookAgain',
  'relocate',
  'moveImage',
  'discardImage',
  'jobs',
  'startJob',
  'pauseJob',
  'resumeJob',
  'cancelJob',
  'moveJob',
  'retryJob',
  'pauseJobs',
  'resumeJobs',
  'cancelJobs',
  'clearJobs',
  'unlock',
  'lock',
  'unlocked',
  'holdSecret',
  'settings',
  'saveSettings',
  'keptAside',
  'notify',
  'openDialog',
  'saveDialog',
  'listFolder',
  'findDropped',
  'requestGrant',
  'showInFolder',
  'dragOut',
] as const satisfies readonly (keyof WindowApi)[]

/** What the host tells every window without being asked. */
export interface WindowEvents {
  /** a job began, moved or ended */
  job: JobView
  /** the library changed */
  library: LibraryEntry[]
  /** the watched folders, or what was found in them, changed */
  folders: WatchedFolder[]
  /** the paths of the images whose passphrases are kept */
  unlocked: string[]
  /** images that the system handed over (command line, file association, dock) */
  open: string[]
  /** the person chose this in a menu outside of the page */
  command: CommandName
}

type Promised<T> = T extends (request: infer Q) => infer R ? (request: Q) => Promise<R> : never
/** The window's side of an api. */
export type Client<A> = { [K in keyof A]: Promised<A[K]> }
/** The host's side: the same methods, free to answer at once or later. */
export type Handlers<A> = {
  [K in keyof A]: A[K] extends (request: infer Q) => infer R ? (request: Q) => R | Promise<R> : never
}
