import type { DiskInfo } from '../../../shared/model.ts'
import { absoluteDate } from '../lib/dates.ts'
import { exactBytes, sizeText } from '../lib/sizes.ts'
import { words } from './en.ts'

/** One pair of the overview. */
export interface FactPair {
  label: string
  value: string
  /** what a click copies, where that is not what is shown */
  raw?: string
  /** shown on hover */
  title?: string
  mono?: boolean
}

/** What a person asks of an image, as pairs in the order in which they ask it. */
export function diskFacts(info: DiskInfo): FactPair[] {
  const { labels } = words.disk
  const qcow2 = info.qcow2
  const pairs: (FactPair | undefined)[] = [
    { label: labels.path, value: info.path, mono: true },
    { label: labels.format, value: info.format },
    size(labels.guest, info.virtualSize),
    size(labels.disk, info.actualSize),
    qcow2 && size(labels.fileLength, qcow2.fileLength),
    info.clusterSize === undefined ? undefined : size(labels.cluster, info.clusterSize),
    qcow2 && { label: labels.version, value: words.disk.versionText(qcow2.compat), raw: qcow2.compat },
    qcow2 && { label: labels.compression, value: qcow2.compressionType },
    qcow2 && { label: labels.refcount, value: words.disk.bits(qcow2.refcountBits), raw: String(qcow2.refcountBits) },
    backing(info),
    { label: labels.modified, value: absoluteDate(info.modified), raw: new Date(info.modified).toISOString() },
  ]
  return pairs.filter((pair) => pair !== undefined)
}

function size(label: string, bytes: number): FactPair {
  return { label, value: sizeText(bytes), raw: String(bytes), title: exactBytes(bytes) }
}

function backing(info: DiskInfo): FactPair | undefined {
  if (info.backingName === undefined) return undefined
  const value = words.disk.backingAs(info.backingName, info.backingFormat)
  return {
    label: words.disk.labels.backing,
    value,
    raw: info.backingName,
    mono: true,
    ...(info.backingPath && { title: info.backingPath }),
  }
}
