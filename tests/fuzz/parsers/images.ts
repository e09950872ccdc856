import type { CheckReport } from '../../../src/shared/model.ts'
import { openDisk, openLayer } from '../../../src/engine/device/open.ts'
import type { Disk } from '../../../src/engine/device/disk.ts'
import type { Platform } from '../../../src/engine/device/platform.ts'
import { createEngine, type Engine } from '../../../src/engine/index.ts'
import { MemorySystem } from '../../../src/engine/io/memory-system.ts'
import { native, portable } from '../../fixtures/platform.ts'
import { Random } from '../../fixtures/random.ts'
import { callContext, fuzzCrypto, IMAGE, type ImageBase, imageBases } from '../image-bases.ts'
import { bytesOf, type ImageInput, KnownImage } from '../image-changes.ts'
import { changeImage } from './image-work.ts'
import { outcome, parser, type Parser } from '../parser.ts'

/** An image of a case, on files of its own. */
export interface Trial {
  platform: Platform & { files: MemorySystem }
  engine: Engine
  random: Random
}

/** Guest bytes that are read as a whole; of a larger disk, its start, its middle and its end. */
const READ = 2 ** 19
const PIECE = 65_536

function setUp({ image, beside }: ImageBase, input: ImageInput): Trial {
  const files = new MemorySystem()
  for (const [path, bytes] of [...beside, [IMAGE, bytesOf(image, input)] as const]) {
    const storage = files.create(path)
    storage.writeAt(0, bytes)
    if (path === IMAGE && input.length !== undefined) storage.truncate(input.length)
    storage.close()
  }
  const random = new Random(input.seed + 1)
  const { codecs } = random.below(8) === 0 ? portable : native
  const platform = { files, codecs, crypto: fuzzCrypto() }
  return { platform, engine: createEngine(undefined, platform), random }
}

/** A parser that asks images something; whatever it asks, nothing may stay open. */
function images(name: string, bases: readonly ImageBase[], focus: RegExp, ask: (trial: Trial) => string): Parser {
  const known = new Map(bases.map((base) => [base.name, new KnownImage(base, focus)] as const).filter(([, image]) => image.hasPlaces))
  return parser<ImageInput>({
    name,
    questions: 20,
    kept: [...known.keys()].map((base) => ({ base, patches: [], seed: 1 })),
    change: (input, other, random) => known.get(input.base)!.change(input, other, random),
    run(input) {
      const trial = setUp(known.get(input.base)!.base, input)
      const said = ask(trial)
      if (trial.platform.files.openHandles !== 0) throw new Error(`${trial.platform.files.openHandles} files stayed open: ${said}`)
      return said
    },
  })
}

function withDisk(platform: Platform, ask: (disk: Disk) => void, snapshot?: string): string {
  return outcome(() => {
    const disk = openDisk(platform, IMAGE, { ...callContext(), format: 'qcow2', snapshot })
    try {
      ask(disk)
    } finally {
      disk.close()
    }
  })
}

/** Reads what there is, or some of it; each piece by itself, so that one that can't be read hides no other. */
function readAll(disk: Disk): string {
  const said = new Set<string>()
  const places =
    disk.size <= READ
      ? Array.from({ length: Math.ceil(disk.size / PIECE) }, (_, i) => i * PIECE)
      : [0, Math.floor(disk.size / 2), disk.size - PIECE]
  for (const at of places) said.add(outcome(() => disk.readAt(at, new Uint8Array(Math.min(PIECE, disk.size - at)))))
  return [...said].sort().join('+')
}

function header({ engine }: Trial): string {
  return outcome(() => engine.info({ path: IMAGE, format: 'qcow2' }, callContext()))
}

function map({ platform, engine, random }: Trial): string {
  const said = [outcome(() => engine.map({ path: IMAGE, format: 'qcow2', most: 300 }, callContext()))]
  said.push(withDisk(platform, (disk) => void said.push(readAll(disk))))
  const start = random.below(2) * 32_768
  said.push(outcome(() => engine.mapOverview({ path: IMAGE, start, length: 2 ** 20, cellSize: 512, milliseconds: 3 }, callContext())))
  if (random.below(4) === 0) said.push(outcome(() => engine.layout({ path: IMAGE }, callContext())))
  return said.join(' | ')
}

function check({ engine }: Trial): string {
  let report: CheckReport | undefined
  const said = outcome(() => (report = engine.check({ path: IMAGE, format: 'qcow2' }, callContext())))
  if (!report) return said
  if (!report.findings.every(({ message }) => message !== '')) throw new Error('a finding without words')
  return `corruptions ${report.corruptions > 0} leaks ${report.leaks > 0} errors ${report.checkErrors > 0}`
}

function snapshots({ platform, engine }: Trial): string {
  let ids: string[] = []
  const said = [
    outcome(() => (ids = engine.info({ path: IMAGE, format: 'qcow2' }, callContext()).layers[0]!.snapshots.map(({ id }) => id))),
    outcome(() => engine.snapshotSpace({ path: IMAGE }, callContext())),
  ]
  for (const id of ids.slice(0, 3)) {
    said.push(withDisk(platform, (disk) => void said.push(readAll(disk)), id))
    said.push(outcome(() => engine.snapshotChanges({ path: IMAGE, since: id, start: 0, milliseconds: 3 }, callContext())))
  }
  return said.join(' | ')
}

const MARKED = 2000

function bitmaps({ platform }: Trial): string {
  const said: string[] = []
  const opened = outcome(() => {
    const driver = openLayer(platform, IMAGE, { ...callContext(), format: 'qcow2' })
    try {
      for (const { name } of driver.bitmaps?.list().slice(0, 4) ?? [])
        said.push(
          outcome(() => {
            let ranges = 0
            for (const { length } of driver.bitmaps!.marked(name)) {
              if (length <= 0) throw new Error(`a bitmap marks ${length} bytes`)
              if (++ranges >= MARKED) break
            }
          }),
        )
    } finally {
      driver.close()
    }
  })
  return [opened, ...said].join(' | ')
}

/** What a repair mended is clean; what it does not mend it says, or it refuses the image. */
function repair(trial: Trial): string {
  const { engine, random } = trial
  const scope = random.below(4) === 0 ? 'leaks' : 'all'
  let report: CheckReport | undefined
  const said = outcome(() => (report = engine.check({ path: IMAGE, format: 'qcow2', repair: scope }, callContext())))
  if (!report) return said
  const again = engine.check({ path: IMAGE, format: 'qcow2' }, callContext())
  if (again.corruptions !== report.corruptions || (again.leaks !== report.leaks && scope === 'all'))
    throw new Error(
      `the repair says that ${report.corruptions} corruptions and ${report.leaks} leaks are left, and a check finds ${again.corruptions} and ${again.leaks}`,
    )
  return `${scope} left ${again.corruptions > 0} ${again.leaks > 0}, then ${withDisk(trial.platform, (disk) => void readAll(disk))}`
}

function keys({ platform, engine }: Trial): string {
  return [
    outcome(() => engine.opens({ path: IMAGE, format: 'qcow2' }, callContext())),
    withDisk(platform, (disk) => void readAll(disk)),
  ].join(' | ')
}

/** Everything that reads a qcow2 image, each part with the changes that concern it, and then all of it with all of them. */
export function imageParsers(): Parser[] {
  const bases = imageBases()
  const isSlow = ({ name }: ImageBase): boolean => name === 'luks'
  // Trying a passphrase is slow because it is meant to be; what lies under a cipher is attacked with the old one too, which takes no time.
  const quick = bases.filter((base) => !isSlow(base))
  const anything = /./
  return [
    images('headers', bases, /^(header|extension|luks)/, header),
    images('maps', quick, /l1|entry|bitmap at|cluster_bits|size|extension/, map),
    images('counts', bases, /count|l1|entry|refcount/, check),
    images('snapshot tables', quick, /^snapshot|nb_snapshots|snapshots_offset/, snapshots),
    images('bitmap directories', bases, /^bitmap \d|bitmap (count|directory)/, bitmaps),
    images('keys', bases.filter(isSlow), /^luks/, keys),
    images('whole images', quick, anything, (trial) => [header, map, check, snapshots, bitmaps].map((ask) => ask(trial)).join(' / ')),
    images('repairs', quick, anything, repair),
    images('changes', quick, anything, changeImage),
  ]
}
