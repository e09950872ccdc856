import type { Job } from '../../base/job.ts'
import { isPacked, packedPlace } from './entry-faults.ts'
import { hostOf } from './entry.ts'
import { type Examined, read } from './examined.ts'
import type { Findings } from './findings.ts'

/**
 * Tells where on the disk the clusters lie that findings of damage are about: what the comparison of the counts knows is only their place
 * in the file. The map is walked once more for it, up to the last cluster that is looked for; of several places the first is told.
 */
export function locateClusters(image: Examined, findings: Findings, job: Job): void {
  const { storage, header, geometry } = image
  const { clusterSize, l2EntryBytes } = geometry
  // A lost cluster is nobody's, and clusters of a data file have no count.
  const open = findings.kept.filter(({ kind, guestOffset }) => kind !== 'leak' && guestOffset === undefined)
  const wanted = Map.groupBy(open, ({ offset = -1 }) => (offset < 0 || offset % clusterSize !== 0 ? -1 : offset / clusterSize))
  wanted.delete(-1)
  if (wanted.size === 0 || geometry.external) return
  const found = (cluster: number, guest: number): void => {
    for (const finding of wanted.get(cluster) ?? []) findings.locate(finding, guest)
    wanted.delete(cluster)
  }
  const l1 = read(storage, header.l1Offset, header.l1Size * 8)
  for (let i = 0; i < header.l1Size && wanted.size > 0; i++) {
    const table = hostOf(l1.getUint32(i * 8), l1.getUint32(i * 8 + 4))
    if (table === 0) continue
    job.checkpoint()
    const guest = i * geometry.l2Reach
    found(table / clusterSize, guest)
    const entries = read(storage, table, clusterSize)
    for (let at = 0; at < clusterSize; at += l2EntryBytes) {
      const high = entries.getUint32(at)
      const low = entries.getUint32(at + 4)
      if ((high | low) === 0) continue
      const { host, length } = isPacked(high) ? packedPlace(high, low, geometry) : { host: hostOf(high, low), length: 1 }
      if (host === 0) continue
      const last = Math.floor((host + length - 1) / clusterSize)
      for (let cluster = Math.floor(host / clusterSize); cluster <= last; cluster++)
        found(cluster, guest + (at / l2EntryBytes) * clusterSize)
    }
  }
}
