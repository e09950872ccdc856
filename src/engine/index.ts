import type { EngineApi, Request, Result } from '../shared/api.ts'
import type { Secrets } from '../shared/secrets.ts'
import type { Job } from './base/job.ts'
import { nativeDeflate } from './codec/deflate.node.ts'
import { nativeZstd } from './codec/zstd.node.ts'
import { nodeCrypto } from './crypto/crypto.node.ts'
import { describeChain } from './device/chain.ts'
import type { Platform } from './device/platform.ts'
import { nodeFileSystem } from './io/file-system.node.ts'
import type { GateRule } from './io/gate.ts'
import { amend } from './operations/amend.ts'
import { bench } from './operations/bench.ts'
import { bitmap } from './operations/bitmap.ts'
import { check } from './operations/check.ts'
import { compact } from './operations/compact.ts'
import { commit } from './operations/commit.ts'
import { compare } from './operations/compare.ts'
import { convert } from './operations/convert.ts'
import { create } from './operations/create.ts'
import { dependants } from './operations/dependants.ts'
import { estimate } from './operations/estimate.ts'
import { findParent } from './operations/find-parent.ts'
import { layout } from './operations/layout.ts'
import { map } from './operations/map.ts'
import { KnownMaps, mapOverview } from './operations/map-overview.ts'
import { measure } from './operations/measure.ts'
import { opens } from './operations/opens.ts'
import { rebase } from './operations/rebase.ts'
import { resize } from './operations/resize.ts'
import { snapshot } from './operations/snapshot.ts'
import { snapshotChanges } from './operations/snapshot-changes.ts'
import { snapshotSpace } from './operations/snapshot-space.ts'
import type { StageWatch } from './operations/stage.ts'

export { unwatched, type Job } from './base/job.ts'
export { flushFolder } from './io/flush-folder.node.ts'
export { foreignFormat } from './formats/foreign.ts'
export { isUnder, type GateRule } from './io/gate.ts'
export type { StageWatch } from './operations/stage.ts'

/** What a call brings besides its request. */
export interface CallContext {
  job: Job
  /** which files named inside images may be opened */
  gate: GateRule
  /** passphrases of encrypted images; none where absent */
  secrets?: Secrets
}

/** The engine as plain synchronous functions, to be called in a thread that may block. Each throws `StrataError`. */
export type Engine = { [M in keyof EngineApi]: (request: Request<M>, context: CallContext) => Result<M> }

/** The engine on Node's files and codecs, or on another platform. `watch` hears of every staged file before it exists. */
export function createEngine(watch: StageWatch = { staged() {}, settled() {} }, platform: Platform = nodePlatform): Engine {
  const maps = new KnownMaps()
  return {
    info: ({ path, format }, { gate }) => describeChain(platform, path, format === undefined ? { gate } : { gate, format }),
    dependants: (request, context) => dependants(platform, request, context),
    findParent: (request, context) => findParent(platform, request, context),
    estimate: (request, context) => estimate(platform, request, context),
    snapshotChanges: (request, context) => snapshotChanges(platform, request, context),
    snapshotSpace: (request, context) => snapshotSpace(platform, request, context),
    mapOverview: (request, context) => mapOverview(platform, maps, request, context),
    layout: (request, context) => layout(platform, request, context),
    map: (request, context) => map(platform, request, context),
    opens: (request, context) => opens(platform, request, context),
    create: (request, context) => create(platform, request, context, watch),
    convert: (request, context) => convert(platform, request, { ...context, watch }),
    check: (request, context) => check(platform, request, context),
    compact: (request, context) => compact(platform, request, { ...context, watch }),
    measure: (request, context) => measure(platform, request, context),
    compare: (request, context) => compare(platform, request, context),
    bench: (request, context) => bench(platform, request, context),
    resize: (request, context) => resize(platform, request, context),
    amend: (request, context) => amend(platform, request, context),
    bitmap: (request, context) => bitmap(platform, request, context),
    snapshot: (request, context) => snapshot(platform, request, context),
    commit: (request, context) => commit(platform, request, context),
    rebase: (request, context) => rebase(platform, request, context),
  }
}

const nodePlatform: Platform = { files: nodeFileSystem, codecs: { deflate: nativeDeflate, zstd: nativeZstd }, crypto: nodeCrypto }
