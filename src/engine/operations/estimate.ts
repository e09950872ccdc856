import type { ConvertRequest, Estimate } from '../../shared/requests.ts'
import { isZero } from '../base/bytes.ts'
import { alignDown, alignUp } from '../base/ints.ts'
import type { Disk } from '../device/disk.ts'
import { openDisk, type OpenOptions } from '../device/open.ts'
import type { Platform } from '../device/platform.ts'
import { type CreateOptions, DEFAULT_OPTIONS } from '../formats/options.ts'
import { formatNamed } from '../formats/registry.ts'

/** Clusters that are packed to learn how well the data packs. */
const SAMPLES = 48
/** Runs that are looked at before the rest is judged by what they held. */
const MAX_RUNS = 200_000

/** Milliseconds after which it is the same: a map can be made that takes hours to walk, and other questions wait behind this one. */
const PATIENCE = 1000
/** Runs between two looks at the clock. */
const BATCH = 64

/** What a conversion would cost: from the map of the source, and for a compressed target from a sample of its data. */
export function estimate(platform: Platform, request: ConvertRequest, { gate, secrets }: Pick<OpenOptions, 'gate' | 'secrets'>): Estimate {
  const { source, target } = request
  const format = formatNamed(target.format)
  const options = { ...DEFAULT_OPTIONS, ...target.qcow2 }
  const disk = openDisk(platform, source.path, { gate, secrets, format: source.format, secret: source.secret, snapshot: source.snapshot })
  try {
    const { size } = disk
    format.assertCreatable(size, options, false)
    return {
      virtualSize: size,
      expected: expectedSize(platform, disk, { ...target, options }),
      atMost: format.fileSize(size, size, options),
      free: platform.files.free(target.path),
      targetExists: platform.files.facts(target.path) !== undefined,
    }
  } finally {
    disk.close()
  }
}

/** Bytes of a new image with the data that a disk holds, judged from its map, and from a sample of the data. */
export function expectedSize(
  platform: Platform,
  disk: Disk,
  { format: name, options, compress = false }: { format: string; options: CreateOptions; compress?: boolean },
): number {
  const format = formatNamed(name)
  const grain = name === 'raw' ? 4096 : options.clusterSize
  const { bytes, spots } = dataOf(disk, grain)
  const codecName = compress ? format.codecName?.(options) : undefined
  const codec = codecName && platform.codecs[codecName]
  const share = spots.length === 0 ? 0 : sample(disk, spots, grain, (cluster) => codec?.pack(cluster, options.compressionLevel))
  return format.fileSize(disk.size, Math.ceil(bytes * share), options)
}

/** Guest bytes that the map calls data, in whole grains, and places spread over them. */
export function dataOf(disk: Disk, grain: number): { bytes: number; spots: number[] } {
  let bytes = 0
  let counted = 0
  let looked = 0
  let end = 0
  const runs: { at: number; length: number }[] = []
  const late = performance.now() + PATIENCE
  for (const run of disk.runs(0, disk.size)) {
    if (counted >= MAX_RUNS || (++counted % BATCH === 0 && performance.now() > late)) break
    looked = run.at + run.length
    if (run.kind !== 'zero') {
      // Runs may share a grain, which then counts once.
      const at = Math.max(alignDown(run.at, grain), end)
      end = Math.max(end, alignUp(looked, grain))
      if (end === at) continue
      bytes += end - at
      runs.push({ at, length: end - at })
    }
  }
  const scale = looked > 0 ? disk.size / looked : 1
  return { bytes: Math.min(bytes * scale, disk.size), spots: spread(runs, bytes, grain) }
}

/** Offsets of grains at even distances over the data. */
function spread(runs: readonly { at: number; length: number }[], bytes: number, grain: number): number[] {
  const spots: number[] = []
  const step = bytes / Math.min(SAMPLES, Math.max(1, bytes / grain))
  let passed = 0
  let next = step / 2
  for (const run of runs) {
    for (; next < passed + run.length && spots.length < SAMPLES; next += step)
      spots.push(run.at + alignDown(Math.floor(next - passed), grain))
    passed += run.length
  }
  return spots
}

/** Bytes that one byte of data becomes, judged by the grains at `spots`: zeros vanish, and packed ones shrink. */
export function sample(disk: Disk, spots: readonly number[], grain: number, pack: (cluster: Uint8Array) => Uint8Array | undefined): number {
  const buffer = new Uint8Array(grain)
  let kept = 0
  for (const at of spots) {
    const there = Math.min(grain, disk.size - at)
    disk.readAt(at, buffer.subarray(0, there))
    buffer.fill(0, there)
    if (!isZero(buffer)) kept += pack(buffer)?.length ?? grain
  }
  return kept / (spots.length * grain)
}
