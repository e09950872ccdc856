import { AT_ONCE } from '../shared/api.ts'
import type {
  Handlers,
  JobOrder,
  JobView,
  LibraryEntry,
  QueryName,
  Request,
  Result,
  Settings,
  WatchedFolder,
  WindowApi,
} from '../shared/api.ts'
import type { CommandName } from '../shared/commands.ts'
import { StrataError } from '../shared/errors.ts'
import type { BitmapRequest, ConvertRequest, SourceImage } from '../shared/requests.ts'
import type { Channel } from '../shared/rpc/protocol.ts'
import type { Secrets } from '../shared/secrets.ts'
import { serve, type Tell } from '../shared/rpc/server.ts'
import { EngineHost } from './engine-host.ts'
import type { Grants } from './grants.ts'
import { ImageFiles } from './image-files.ts'
import { backingPath, dataFilesOf, filesOf, mends, newBackingOf, openedBacking, rehearses } from './job-files.ts'
import { JobHistory } from './job-history.ts'
import { Jobs } from './jobs.ts'
import type { JsonFile } from './json-file.ts'
import { Library } from './library.ts'
import { requestGrant } from './request-grant.ts'
import { validRequest } from './requests.ts'
import { Security } from './security.ts'
import { settingsFile } from './settings.ts'
import type { Shell } from './shell.ts'
import { WatchedFolders } from './watched-folders.ts'

/** The questions that are about one image. */
type LookName = Exclude<{ [M in QueryName]: Request<M> extends { path: string } ? M : never }[QueryName], 'opens'>

export interface WindowHostParts {
  /** where library and settings are kept */
  folder: string
  grants: Grants
  shell: Shell
  engine?: EngineHost
}

/**
 * Everything behind the windows of one program: engine, jobs, library, settings. Each request is validated, then each path in it is
 * checked against the grants and replaced by its canonical one, before anything is done.
 */
export class WindowHost {
  readonly #engine: EngineHost
  readonly #grants: Grants
  readonly #shell: Shell
  readonly #jobs: Jobs
  readonly #library: Library
  readonly #folders: WatchedFolders
  /** the library as the windows were last told it */
  #told = ''
  readonly #security: Security
  readonly #files: ImageFiles
  readonly #settings: JsonFile<Settings>
  readonly #windows = new Set<Tell>()
  /** images handed over before there was a window to show them */
  #handedOver: string[] = []

  constructor({ folder, grants, shell, engine = new EngineHost() }: WindowHostParts) {
    this.#engine = engine
    this.#grants = grants
    this.#shell = shell
    this.#settings = settingsFile(folder)
    this.#jobs = new Jobs(engine, { history: new JobHistory(folder), atOnce: this.#settings.read().jobsAtOnce ?? AT_ONCE })
    this.#library = new Library(folder, engine)
    this.#files = new ImageFiles({ engine, grants, jobs: this.#jobs, shell })
    this.#security = new Security(engine, (paths) => this.#tell('unlocked', paths))
    // The person let Strata have these before; the list is written by the host alone.
    for (const path of this.#library.paths()) this.#tryGrant(path)
    this.#folders = new WatchedFolders({ library: this.#library, grants, changed: () => void this.#tellNews().catch(() => undefined) })
    void this.#folders.look().catch(() => undefined) // whoever asks for a look hears what is wrong
    this.#jobs.subscribe((job) => {
      this.#tell('job', job)
      if (job.status === 'done') this.#keep(job).catch(() => undefined) // the job is done, whatever becomes of the list
    })
  }

  /** Serves one more window until its channel closes. */
  connect(channel: Channel): void {
    const tell = serve(this.#handlers, channel)
    let called = false
    channel.onMessage(() => {
      // Only a window that has begun to ask is ready to listen.
      if (called) return
      called = true
      this.#windows.add(tell)
      this.open(this.#handedOver.splice(0))
    })
    channel.onClose(() => this.#windows.delete(tell))
  }

  /** Opens images that the person named outside of the window: by command line, file association or dock. */
  open(paths: readonly string[]): void {
    const granted = paths.flatMap((path) => this.#tryGrant(path) ?? [])
    if (granted.length === 0) return
    if (this.#windows.size === 0) this.#handedOver.push(...granted)
    else this.#tell('open', granted)
  }

  /** Has the window do what the person chose in a menu outside of it. */
  command(name: CommandName): void {
    this.#tell('command', name)
  }

  /** Grants a file that the person dropped on the window; of a folder, the images in it can then be asked for. */
  grantDropped(path: string): void {
    if (!this.#folders.takeDropped(path)) this.#tryGrant(path)
  }

  /** The canonical paths that the library remembers. */
  libraryPaths(): string[] {
    return this.#library.paths()
  }

  /** All jobs, oldest first. */
  jobs(): JobView[] {
    return this.#jobs.list()
  }

  /** Calls back with each job that began, moved or ended; answers how to stop. */
  onJob(listener: (job: JobView) => void): () => void {
    return this.#jobs.subscribe(listener)
  }

  /** Whether jobs run, wait or are paused. */
  get busy(): boolean {
    return this.#jobs.list().some((job) => job.ended === undefined)
  }

  /** Cancels all jobs and returns when nothing runs any more and nothing staged is left. */
  async close(): Promise<void> {
    this.#jobs.interrupt()
    this.#security.close()
    this.#folders.close()
    await this.#engine.close()
    this.#jobs.flush()
  }

  readonly #handlers: Handlers<WindowApi> = {
    info: (request) => this.#look('info', request),
    estimate: (request) =>
      this.#engine.query('estimate', this.#allowConvert(validRequest('estimate', request)), this.#grants.rule(), this.#security.ofDisks()),

    snapshotSpace: (request) => this.#look('snapshotSpace', request),
    mapOverview: (request) => this.#look('mapOverview', request),
    // Only files that the window might open, or that an image may name, are looked at: the rule says which.
    dependants: (request) => this.#look('dependants', request),
    findParent: (request) => this.#look('findParent', request),
    // What reads guest bytes needs passphrases; what reads maps does not, and would only wait for a key.
    snapshotChanges: (request) => this.#look('snapshotChanges', request, this.#security.ofDisks()),
    layout: (request) => this.#look('layout', request, this.#security.ofDisks()),
    map: (request) => this.#look('map', request),

    facts: (request) => {
      validRequest('facts', request)
      return this.#shell.facts
    },
    library: (request) => {
      validRequest('library', request)
      return this.#list()
    },
    addToLibrary: (request) => {
      const paths = validRequest('addToLibrary', request).paths.map((path) => this.#grants.assertReadable(path))
      this.#library.add(paths)
      this.#shell.remember?.(paths)
      return this.#listAndTell()
    },
    removeFromLibrary: (request) => {
      this.#library.remove(validRequest('removeFromLibrary', request).path)
      return this.#listAndTell()
    },
    folders: (request) => {
      validRequest('folders', request)
      return this.#folders.list()
    },
    addFolder: async (request) => {
      const asked = validRequest('addFolder', request)
      const path = 'path' in asked ? asked.path : await this.#ask('folderDialog')(asked.title)
      if (path !== undefined) await this.#folders.add('path' in asked ? path : this.#folders.chosen(path))
      return this.#folders.list()
    },
    removeFolder: (request) => {
      this.#folders.remove(validRequest('removeFolder', request).path)
      return this.#folders.list()
    },
    imagesIn: async (request) => {
      const asked = validRequest('imagesIn', request)
      const path = 'path' in asked ? asked.path : await this.#ask('folderDialog')(asked.title)
      if (path === undefined) return { paths: [], more: false }
      return this.#folders.imagesIn('path' in asked ? path : this.#folders.chosen(path))
    },
    lookAgain: (request) => {
      validRequest('lookAgain', request)
      return this.#folders.look()
    },
    relocate: (request) => {
      const { path, to } = validRequest('relocate', request)
      this.#library.move(path, this.#grants.assertReadable(to))
      return this.#listAndTell()
    },
    moveImage: async (request) => {
      const { from, to } = await this.#files.move(validRequest('moveImage', request))
      this.#library.move(from, this.#grants.grantFile(to))
      return this.#listAndTell()
    },
    discardImage: async (request) => {
      this.#library.remove(await this.#files.discard(validRequest('discardImage', request)))
      return this.#listAndTell()
    },

    jobs: (request) => {
      validRequest('jobs', request)
      return this.#jobs.list()
    },
    startJob: (request) => this.#start(validRequest('startJob', request)),
    pauseJob: (request) => this.#jobs.pause(validRequest('pauseJob', request).id),
    resumeJob: (request) => this.#jobs.resume(validRequest('resumeJob', request).id),
    cancelJob: (request) => this.#jobs.cancel(validRequest('cancelJob', request).id),
    moveJob: (request) => {
      const { id, before } = validRequest('moveJob', request)
      this.#jobs.move(id, before)
    },
    retryJob: (request) => this.#start(this.#jobs.orderToRetry(validRequest('retryJob', request).id)),
    pauseJobs: (request) => {
      validRequest('pauseJobs', request)
      this.#jobs.pauseAll()
    },
    resumeJobs: (request) => {
      validRequest('resumeJobs', request)
      this.#jobs.resumeAll()
    },
    cancelJobs: (request) => {
      validRequest('cancelJobs', request)
      this.#jobs.cancelAll()
    },
    clearJobs: (request) => {
      validRequest('clearJobs', request)
      this.#jobs.clear()
    },

    unlock: async (request) => {
      const { path, passphrase } = validRequest('unlock', request)
      await this.#security.unlock(this.#grants.assertNameable(path), passphrase, this.#grants.rule())
      return this.#security.unlocked
    },
    lock: (request) => {
      this.#security.lock(this.#grants.assertNameable(validRequest('lock', request).path))
      return this.#security.unlocked
    },
    unlocked: (request) => {
      validRequest('unlocked', request)
      return this.#security.unlocked
    },
    holdSecret: (request) => ({ name: this.#security.hold(validRequest('holdSecret', request).passphrase) }),

    settings: (request) => {
      validRequest('settings', request)
      return this.#settings.read()
    },
    saveSettings: (request) => {
      const settings = validRequest('saveSettings', request)
      this.#settings.write(settings)
      this.#jobs.setAtOnce(settings.jobsAtOnce ?? AT_ONCE)
      return settings
    },

    keptAside: (request) => {
      validRequest('keptAside', request)
      return [this.#library, this.#settings, this.#jobs].flatMap(({ keptAside }) => keptAside ?? [])
    },
    notify: (request) => this.#ask('notify')(validRequest('notify', request)),

    openDialog: async (request) => {
      const paths = await this.#ask('openDialog')(validRequest('openDialog', request))
      return paths.map((path) => this.#grants.grantFile(path))
    },
    saveDialog: async (request) => {
      const path = await this.#ask('saveDialog')(validRequest('saveDialog', request))
      return path === null ? null : this.#grants.grantFile(path)
    },
    listFolder: (request) => this.#ask('listFolder')(validRequest('listFolder', request)),
    findDropped: (request) => this.#ask('findDropped')(validRequest('findDropped', request)),
    requestGrant: (request) => requestGrant(validRequest('requestGrant', request).path, this.#grants, this.#shell.askGrant),
    showInFolder: (request) => {
      const { path } = validRequest('showInFolder', request)
      return this.#ask('showInFolder')({ path: this.#grants.assertReadable(path) })
    },
    dragOut: (request) => this.#ask('dragOut')({ path: this.#grants.assertReadable(validRequest('dragOut', request).path) }),
  }

  /** Starts a job, or lets it wait, once every file that it names is granted. */
  async #start(asked: JobOrder): Promise<JobView> {
    return this.#startJob(await this.#withBase(this.#allow(asked)))
  }

  /** A question about one image, which must be readable. */
  #look<M extends LookName>(method: M, request: unknown, secrets?: Secrets): Promise<Result<M>> {
    const asked = validRequest(method, request)
    return this.#engine.query(method, { ...asked, path: this.#grants.assertReadable(asked.path) }, this.#grants.rule(), secrets)
  }

  #startJob(order: JobOrder): JobView {
    const secrets = this.#security.forOrder(order)
    try {
      return this.#jobs.start(order, () => this.#grants.rule(), secrets)
    } catch (error) {
      secrets.drop()
      throw error
    }
  }

  #ask<M extends Exclude<keyof Shell, 'facts' | 'moveToBin' | 'askGrant' | 'remember'>>(method: M): NonNullable<Shell[M]> {
    const answer = this.#shell[method]
    if (!answer) throw new StrataError('UNSUPPORTED', `"${method}" is not to be had here`, { field: 'method' })
    return answer
  }

  /** The order with canonical paths, each of which may be used as the order uses it. */
  #allow(order: JobOrder): JobOrder {
    const grants = this.#grants
    switch (order.kind) {
      case 'create': {
        const path = grants.assertWritable(order.request.path)
        for (const dataFile of dataFilesOf(path, order.request.qcow2)) grants.assertWritable(dataFile)
        // The name goes into the image as it is; what it leads to is opened, so it must be readable.
        if (order.request.backing) grants.assertReadable(backingPath(path, order.request.backing.name))
        return { kind: 'create', request: { ...order.request, path } }
      }
      case 'convert':
        return { kind: 'convert', request: this.#allowConvert(order.request) }
      case 'check':
        return {
          kind: 'check',
          request: {
            ...order.request,
            path: mends(order.request) ? grants.assertWritable(order.request.path) : grants.assertReadable(order.request.path),
          },
        }
      case 'compact': {
        const { dryRun, path } = order.request
        return { kind: 'compact', request: { ...order.request, path: dryRun ? grants.assertReadable(path) : grants.assertWritable(path) } }
      }
      case 'measure': {
        const { source, target } = order.request
        return {
          kind: 'measure',
          request: { source: 'path' in source ? { ...source, path: grants.assertReadable(source.path) } : source, target },
        }
      }
      case 'compare': {
        const { left, right, ...rest } = order.request
        const readable = (source: typeof left): typeof left => ({ ...source, path: grants.assertReadable(source.path) })
        return { kind: 'compare', request: { ...rest, left: readable(left), right: readable(right) } }
      }
      case 'bench': {
        const { path, write } = order.request
        return { kind: 'bench', request: { ...order.request, path: write ? grants.assertWritable(path) : grants.assertReadable(path) } }
      }
      case 'resize':
        return { kind: 'resize', request: { ...order.request, path: grants.assertWritable(order.request.path) } }
      case 'amend':
        // A name that goes into the image is not opened; whoever opens the image asks then.
        return { kind: 'amend', request: { ...order.request, path: grants.assertWritable(order.request.path) } }
      case 'snapshot':
        return { kind: 'snapshot', request: { ...order.request, path: grants.assertWritable(order.request.path) } }
      case 'bitmap':
        return { kind: 'bitmap', request: this.#allowBitmap(order.request) }
      case 'commit': {
        const { path, base, ...rest } = order.request
        const named = base === undefined ? {} : { base: grants.assertWritable(base) }
        return { kind: 'commit', request: { ...rest, ...named, path: grants.assertWritable(path) } }
      }
      case 'rebase': {
        const path = grants.assertWritable(order.request.path)
        // As in a new image: the name goes in as it is, and what it leads to is opened where it is looked at.
        for (const lower of openedBacking({ ...order.request, path })) grants.assertReadable(lower)
        return { kind: 'rebase', request: { ...order.request, path } }
      }
    }
  }

  /** A base that a commit does not name is named by its image: then it is known which files the job writes. */
  async #withBase(order: JobOrder): Promise<JobOrder> {
    if (order.kind !== 'commit' || order.request.base !== undefined) return order
    const { path, format } = order.request
    const { layers } = await this.#engine.query('info', { path, ...(format && { format }) }, this.#grants.rule())
    const base = layers[0]?.backingPath
    return base === undefined ? order : this.#allow({ kind: 'commit', request: { ...order.request, base } })
  }

  #allowBitmap(request: BitmapRequest): BitmapRequest {
    const actions = request.actions.map((action) =>
      action.do === 'merge' && action.from
        ? { ...action, from: { ...action.from, path: this.#grants.assertReadable(action.from.path) } }
        : action,
    )
    return { ...request, path: this.#grants.assertWritable(request.path), actions }
  }

  #allowConvert(request: ConvertRequest): ConvertRequest {
    const readable = (image: SourceImage): SourceImage => ({ ...image, path: this.#grants.assertReadable(image.path) })
    const also = request.also && { also: request.also.map(readable) }
    const target = { ...request.target, path: this.#grants.assertWritable(request.target.path) }
    for (const dataFile of dataFilesOf(target.path, target.qcow2)) this.#grants.assertWritable(dataFile)
    // The name goes into the image as it is; what it leads to is read.
    for (const lower of newBackingOf({ ...request, target })) this.#grants.assertReadable(lower)
    const source = readable(request.source)
    if (request.replaceSource) this.#grants.assertWritable(source.path)
    return { ...request, source, ...also, target }
  }

  /** New images join the library; a check's verdict stays until the image is written again. */
  async #keep(job: JobView): Promise<void> {
    const { order, outcome } = job
    const { writes } = filesOf(order)
    await this.#security.afterJob(job, this.#grants.rule())
    if (order.kind === 'convert' && order.request.replaceSource) this.#library.move(order.request.source.path, order.request.target.path)
    for (const path of writes) {
      this.#grants.grantFile(path)
      this.#library.forgetCheck(path)
    }
    if (outcome?.kind === 'check' && !(order.kind === 'check' && rehearses(order.request)))
      this.#library.recordCheck(outcome.result.path, outcome.result)
    this.#library.add(writes)
    await this.#listAndTell()
  }

  #list(): Promise<LibraryEntry[]> {
    return this.#library.list(this.#grants.rule())
  }

  async #listAndTell(): Promise<LibraryEntry[]> {
    const entries = await this.#list()
    this.#tell('library', entries)
    return entries
  }

  /** Tells the watched folders and the library, where either is not as it was told last. */
  async #tellNews(): Promise<void> {
    const news: { folders: WatchedFolder[]; library: LibraryEntry[] } = { folders: this.#folders.list(), library: await this.#list() }
    const text = JSON.stringify(news)
    if (text === this.#told) return
    this.#told = text
    this.#tell('folders', news.folders)
    this.#tell('library', news.library)
  }

  /** The canonical path of a file that was granted, or undefined where that is impossible. */
  #tryGrant(path: string): string | undefined {
    try {
      return this.#grants.grantFile(path)
    } catch (error) {
      if (error instanceof StrataError) return undefined
      throw error
    }
  }

  readonly #tell: Tell = (event, data) => {
    for (const tell of this.#windows) tell(event, data)
  }
}
