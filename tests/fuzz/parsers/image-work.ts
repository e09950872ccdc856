import type { CheckReport } from '../../../src/shared/model.ts'
import { openDisk } from '../../../src/engine/device/open.ts'
import type { Disk } from '../../../src/engine/device/disk.ts'
import { callContext, IMAGE } from '../image-bases.ts'
import { outcome } from '../parser.ts'
import type { Trial } from './images.ts'

/** Guest bytes of a disk that may be worked on as a whole. */
const WORKED_THROUGH = 2 ** 22

/** Writes to a damaged image in ways that the seed chooses. What a check calls sound must be so afterwards too. */
export function changeImage(trial: Trial): string {
  const { engine, random } = trial
  const isSound = soundness(trial)
  const said: string[] = []
  let did = ''
  for (let i = 1 + random.below(3); i > 0; i--) {
    const work = WORK[random.below(WORK.length)]!
    did += ` ${work.name}`
    said.push(`${work.name} ${outcome(() => work(trial))}`)
  }
  if (isSound && soundness(trial) === false) {
    const { findings } = engine.check({ path: IMAGE, format: 'qcow2' }, callContext())
    throw new Error(`a sound image is damaged after${did}: ${findings.map(({ message }) => message).join('; ')}`)
  }
  return `${isSound} ${said.sort().join(' | ')}`
}

/** Whether a check finds nothing but leaks; undefined where it can't look. */
function soundness({ engine }: Trial): boolean | undefined {
  let report: CheckReport | undefined
  outcome(() => (report = engine.check({ path: IMAGE, format: 'qcow2' }, callContext())))
  return report === undefined ? undefined : report.corruptions === 0 && report.checkErrors === 0
}

function onDisk({ platform }: Trial, work: (disk: Disk) => void): void {
  const disk = openDisk(platform, IMAGE, { ...callContext(), format: 'qcow2', writable: true })
  try {
    work(disk)
  } finally {
    disk.close()
  }
}

function place(disk: Disk, { random }: Trial): { at: number; length: number } {
  const at = random.below(2) === 0 ? random.below(Math.min(disk.size, 2 ** 31)) : Math.max(0, disk.size - random.length(70_000))
  return { at, length: Math.min(disk.size - at, random.length(40_000)) }
}

function isLarge({ engine }: Trial): boolean {
  return (engine.info({ path: IMAGE, format: 'qcow2' }, callContext()).layers[0]?.virtualSize ?? 0) > WORKED_THROUGH
}

function write(trial: Trial): void {
  onDisk(trial, (disk) => {
    for (let i = 0; i < 3; i++) {
      const { at, length } = place(disk, trial)
      disk.writeAt(at, trial.random.bytes(length))
    }
  })
}

function pack(trial: Trial): void {
  onDisk(trial, (disk) => {
    const { codec, packGrain } = disk.driver
    if (!codec || packGrain === undefined || packGrain > 65_536) return
    const at = packGrain * trial.random.below(Math.floor(disk.size / packGrain))
    const packed = codec.pack(trial.random.text(packGrain))
    if (packed && at + packGrain <= disk.size) disk.writePacked(at, packed)
  })
}

function zero(trial: Trial): void {
  onDisk(trial, (disk) => {
    const { at, length } = place(disk, trial)
    disk.zeroAt(at, length)
  })
}

function discard(trial: Trial): void {
  onDisk(trial, (disk) => {
    const { at, length } = place(disk, trial)
    disk.discardAt(at, length)
  })
}

function snapshot({ engine, random }: Trial): void {
  const which = ['1', '2', 'state 0', 'first', 'none'][random.below(5)]!
  const actions = [
    { do: 'create', name: 'new' },
    { do: 'apply', snapshot: which },
    { do: 'delete', snapshot: which },
    { do: 'rename', snapshot: which, name: 'other' },
  ] as const
  engine.snapshot({ path: IMAGE, action: actions[random.below(actions.length)]! }, callContext())
}

function resize({ engine, random }: Trial): void {
  const size = engine.info({ path: IMAGE, format: 'qcow2' }, callContext()).layers[0]!.virtualSize
  const to = random.below(2) === 0 ? size + 512 * random.below(4000) : 512 * random.below(Math.min(size, 2 ** 30) / 512)
  engine.resize({ path: IMAGE, format: 'qcow2', size: to, shrink: true }, callContext())
}

function amend({ engine, random }: Trial): void {
  const changes = [
    { compat: '0.10' },
    { compat: '1.1' },
    { refcountBits: 1 << random.below(7) },
    { lazyRefcounts: true },
    { lazyRefcounts: false },
    { backing: null },
  ] as const
  engine.amend({ path: IMAGE, format: 'qcow2', changes: changes[random.below(changes.length)]! }, callContext())
}

function bitmap({ engine, random }: Trial): void {
  const name = ['one', 'two', 'new'][random.below(3)]!
  const actions = [
    { do: 'add', granularity: 512 << random.below(8) },
    { do: 'remove' },
    { do: 'clear' },
    { do: 'enable' },
    { do: 'disable' },
    { do: 'merge', source: 'two' },
  ] as const
  engine.bitmap({ path: IMAGE, format: 'qcow2', name, actions: [actions[random.below(actions.length)]!] }, callContext())
}

function compact(trial: Trial): void {
  if (isLarge(trial)) return
  const how = trial.random.below(2) === 0 ? 'in-place' : 'rewrite'
  trial.engine.compact({ path: IMAGE, format: 'qcow2', how, compress: how === 'rewrite' && trial.random.below(2) === 0 }, callContext())
}

function standAlone(trial: Trial): void {
  if (!isLarge(trial))
    trial.engine.rebase({ path: IMAGE, format: 'qcow2', backing: null, mode: 'safe', changeSnapshots: true }, callContext())
}

function commit(trial: Trial): void {
  if (!isLarge(trial)) trial.engine.commit({ path: IMAGE, format: 'qcow2', changeSnapshots: true }, callContext())
}

function mend({ engine, random }: Trial): void {
  engine.check({ path: IMAGE, format: 'qcow2', repair: random.below(2) === 0 ? 'leaks' : 'all' }, callContext())
}

const WORK = [write, write, pack, zero, discard, snapshot, snapshot, resize, amend, bitmap, compact, standAlone, commit, mend]
