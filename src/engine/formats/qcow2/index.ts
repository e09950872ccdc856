import type { Format } from '../driver.ts'
import { codecNameOf } from './compression.ts'
import { assertCreatable, create, fileSize } from './create.ts'
import { Qcow2Driver } from './driver.ts'
import { dataFileName } from './data-file.ts'
import { sizing } from './file-size.ts'
import { probe } from './header.ts'
import { openPatient } from './patient.ts'
import { repairDirty } from './repair.ts'

/** qcow2, versions 2 and 3. Specification: QEMU's docs/interop/qcow2. */
export const qcow2: Format = {
  name: 'qcow2',
  probe,
  dataFile: dataFileName,
  codecName: ({ compressionType, dataFile }) => (dataFile === undefined ? codecNameOf(compressionType) : undefined),
  open(params) {
    if (params.repair) return openPatient(params)
    if (params.writable) repairDirty(params.storage)
    return new Qcow2Driver(params)
  },
  assertCreatable,
  create,
  fileSize,
  sizing,
}
