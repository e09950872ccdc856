import { StrataError } from '../../../shared/errors.ts'
import type { CheckFacet, FormatDriver, OpenParams } from '../driver.ts'
import { checkImage } from './check.ts'
import { examineHeader } from './examined.ts'
import { INCOMPATIBLE } from './layout.ts'
import { repairImage } from './repair.ts'

/** Opens an image to be checked or mended, and for nothing else: it may be damaged where only a check can look. */
export function openPatient({ storage, writable }: OpenParams): FormatDriver {
  const { header, geometry } = examineHeader(storage)
  const notHere = (): never => {
    throw new StrataError('BUG', 'An image that is open for repair was to be read', { path: storage.path })
  }
  const check: CheckFacet = {
    check: (job) => checkImage(storage, job),
    ...(writable && { repair: (scope, job) => repairImage(storage, scope, job) }),
  }
  return {
    format: 'qcow2',
    size: header.size,
    grain: geometry.subclusterSize,
    locate: notHere,
    readPacked: notHere,
    describe: () => ({
      format: 'qcow2',
      virtualSize: header.size,
      clusterSize: geometry.clusterSize,
      dirty: (header.incompatible & INCOMPATIBLE.dirty) !== 0n,
      encrypted: header.cryptMethod !== 0,
      snapshots: [],
    }),
    check,
    close: () => storage.close(),
  }
}
