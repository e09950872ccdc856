import type { DiskInfo, SnapshotInfo } from '../shared/model.ts'
import { Failure } from './failure.ts'
import { parseOptionLists } from './option-list.ts'
import { programName } from './program-name.ts'

/** The snapshot that `-l` names, looked for in the image as qemu-img does. */
export function snapshotOf(top: DiskInfo | undefined, text: string | undefined): { snapshot?: string } {
  if (text === undefined || !top) return {}
  if (top.format === 'raw')
    throw new Failure(
      "Failed to load snapshot: Block format 'raw' used by device '' does not support temporarily loading internal snapshots",
    )
  const found = text.startsWith('snapshot.') ? bySettings(top.snapshots, text) : byIdOrName(top.snapshots, text)
  if (!found) throw new Failure("Failed to load snapshot: Can't find snapshot")
  return { snapshot: found.id }
}

function byIdOrName(snapshots: readonly SnapshotInfo[], text: string): SnapshotInfo | undefined {
  return snapshots.find(({ id }) => id === text) ?? snapshots.find(({ name }) => name === text)
}

function bySettings(snapshots: readonly SnapshotInfo[], text: string): SnapshotInfo | undefined {
  const settings = new Map(parseOptionLists([text]))
  for (const name of settings.keys())
    if (name !== 'snapshot.id' && name !== 'snapshot.name')
      throw new Failure(`Invalid parameter '${name}'\n${programName()}: Failed in parsing snapshot param '${text}'`)
  const id = settings.get('snapshot.id')
  const name = settings.get('snapshot.name')
  return snapshots.find((one) => (id === undefined || one.id === id) && (name === undefined || one.name === name))
}
