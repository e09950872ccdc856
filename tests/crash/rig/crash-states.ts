import { MemoryStorage } from '../../../src/engine/io/memory.ts'
import type { Random } from '../../fixtures/random.ts'
import type { DiskCall, DiskImage, FileCall, NameCall } from './recorded-system.ts'

/** What a disk writes whole or not at all. */
const SECTOR = 512
/** So many changes or fewer that wait for a flush are left out in every combination. */
const FEW = 6

/** What a power cut leaves. */
export interface CrashState {
  /** how many of the calls were made; `name` tells how they came to lie on the disk */
  at: number
  name: string
  /** contents by path */
  left: Map<string, MemoryStorage>
}

type Change = FileCall | NameCall

/**
 * What could be on the disk after power cuts. The power fails just before each call that flushes something, and after the last call: what was asked
 * for since the last flush of its file may be there or not, in any combination and order, each write whole or torn between sectors. At each of these
 * moments every combination is told where few changes wait, then others at random, up to `most` in all and none twice.
 */
export function* crashStates(start: DiskImage, calls: readonly DiskCall[], most: number, random: Random): Generator<CrashState> {
  const disk = new StableDisk(start)
  let waiting: Change[] = []
  for (let at = 0; at <= calls.length; at++) {
    const call = calls[at]
    if (call && call.kind !== 'flush' && call.kind !== 'flush-names') {
      if (call.kind !== 'nothing') waiting.push(call)
      continue
    }
    for (const fate of fates(waiting, most, random))
      yield { at, name: `before call ${at}, ${fate.name}`, left: disk.after(fate.changes, fate.reached) }
    if (!call) return
    const settled = waiting.filter(
      (change) => isOfNames(change) === (call.kind === 'flush-names') && (!('file' in call) || fileOf(change) === call.file),
    )
    disk.settle(settled)
    waiting = waiting.filter((change) => !settled.includes(change))
  }
}

interface Fate {
  name: string
  changes: Change[]
  /** whether a sector of a write reached the disk */
  reached: (change: Change, sector: number) => boolean
}

function* fates(waiting: Change[], most: number, random: Random): Generator<Fate> {
  const told = new Set<string>()
  let count = 0
  const whole = (): boolean => true
  if (waiting.length <= FEW)
    for (let mask = 0; mask < 2 ** waiting.length && count < most; mask++, count++) {
      const name = bits(waiting.map((_, i) => Math.floor(mask / 2 ** i) % 2 === 1))
      told.add(name)
      yield { name, changes: waiting.filter((_, i) => Math.floor(mask / 2 ** i) % 2 === 1), reached: whole }
    }
  if (waiting.length === 0) return
  // Where little can differ, chance soon tells nothing new.
  for (let tries = 0; count < most && tries < most * 3; tries++) {
    const share = 1 + random.below(7)
    const chosen = waiting.filter(() => random.below(8) < share)
    const torn = random.below(2) === 0
    const order = random.below(3) === 0 ? shuffled(chosen, random) : chosen
    const salt = random.next()
    // A choice of sectors that is repeatable: by the place in the file, and the number of the change.
    const reached = torn
      ? (change: Change, sector: number): boolean => Math.imul(waiting.indexOf(change) * 31 + sector * 17 + salt, 0x9e3779b1) >>> 28 > 5
      : whole
    const name = order.map((change) => `${waiting.indexOf(change)}${torn ? tornBits(change, reached) : ''}`).join(' ') || 'none'
    if (told.has(name)) continue
    told.add(name)
    count++
    yield { name, changes: order, reached }
  }
}

function bits(chosen: boolean[]): string {
  return chosen.flatMap((one, i) => (one ? [String(i)] : [])).join(' ') || 'none'
}

function tornBits(change: Change, reached: Fate['reached']): string {
  if (change.kind !== 'write') return ''
  const sectors = [...sectorsOf(change)]
  const there = sectors.map(({ sector }) => reached(change, sector))
  return there.every(Boolean) ? '' : `:${there.map((one) => (one ? '1' : '0')).join('')}`
}

function shuffled<T>(list: T[], random: Random): T[] {
  const rest = [...list]
  return list.map(() => rest.splice(random.below(rest.length), 1)[0]!)
}

/** What is on stable storage, and from there on what any fate of the waiting changes makes of it. */
class StableDisk {
  readonly #contents = new Map<number, MemoryStorage>()
  readonly #names: Map<string, number>

  constructor({ contents, names }: DiskImage) {
    for (const [file, content] of contents) this.#contents.set(file, content.clone())
    this.#names = new Map(names)
  }

  settle(changes: Change[]): void {
    for (const change of changes)
      if (isOfNames(change)) changeNames(this.#names, change)
      else changeFile(this.#content(change.file), change, () => true)
  }

  after(changes: Change[], reached: Fate['reached']): Map<string, MemoryStorage> {
    const names = new Map(this.#names)
    const contents = new Map<number, MemoryStorage>()
    const content = (file: number): MemoryStorage => {
      const known = contents.get(file) ?? this.#content(file).clone()
      contents.set(file, known)
      return known
    }
    for (const change of changes)
      if (isOfNames(change)) changeNames(names, change)
      else changeFile(content(change.file), change, (sector) => reached(change, sector))
    return new Map([...names].map(([path, file]) => [path, content(file)]))
  }

  #content(file: number): MemoryStorage {
    const known = this.#contents.get(file) ?? new MemoryStorage(`file ${file}`)
    this.#contents.set(file, known)
    return known
  }
}

function isOfNames(change: Change): change is NameCall {
  return change.kind === 'create' || change.kind === 'rename' || change.kind === 'remove'
}

function fileOf(change: Change): number | undefined {
  return isOfNames(change) ? undefined : change.file
}

function changeNames(names: Map<string, number>, call: NameCall): void {
  if (call.kind === 'create') names.set(call.path, call.file)
  else if (call.kind === 'remove') names.delete(call.path)
  else {
    const file = names.get(call.from)
    if (file === undefined) return
    names.delete(call.from)
    names.set(call.to, file)
  }
}

function changeFile(content: MemoryStorage, call: FileCall, reached: (sector: number) => boolean): void {
  if (call.kind === 'zero') content.zeroAt(call.at, call.length)
  else if (call.kind === 'truncate') content.truncate(call.size)
  else
    for (const { sector, from, to } of sectorsOf(call)) if (reached(sector)) content.writeAt(call.at + from, call.bytes.subarray(from, to))
}

/** The sectors of the disk that a write touches, and which of its bytes go there. */
function* sectorsOf({ at, bytes }: { at: number; bytes: Uint8Array }): Generator<{ sector: number; from: number; to: number }> {
  for (let from = 0; from < bytes.length;) {
    const sector = Math.floor((at + from) / SECTOR)
    const to = Math.min(bytes.length, (sector + 1) * SECTOR - at)
    yield { sector, from, to }
    from = to
  }
}
