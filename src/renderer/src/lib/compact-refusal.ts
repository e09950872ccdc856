import type { DiskInfo } from '../../../shared/model.ts'
import type { CompactRequest } from '../../../shared/requests.ts'

/** Why a disk can't be compacted in some way, as far as its header tells: then it need not be tried. */
export type CompactRefusal = 'passphrase' | 'snapshots' | 'encrypt' | 'data_file' | 'compress'

/**
 * The reason against a way, the one to name first; undefined where nothing that is known is against it. `locked`: the disk's passphrase has yet to be
 * entered. The engine has the last word.
 */
export function compactRefusal(
  info: DiskInfo,
  { how, compress }: Pick<CompactRequest, 'how' | 'compress'>,
  locked: boolean,
): CompactRefusal | undefined {
  if (how === 'in-place') return locked ? 'passphrase' : undefined
  if (info.snapshots.length > 0) return 'snapshots'
  if (info.encrypted) return 'encrypt'
  if (info.qcow2?.dataFile !== undefined) return 'data_file'
  return compress && info.qcow2 === undefined ? 'compress' : undefined
}
