import type { Format } from '../driver.ts'
import { codecNameOf } from './compression.ts'
import { assertCreatable, create, fileSize } from './create.ts'
import { Qcow2Driver } from './driver.ts'
import { dataFileName } from './data-file.ts'
import { probe } from './header.ts'

/** qcow2, versions 2 and 3. Specification: QEMU's docs/interop/qcow2. */
export const qcow2: Format = {
  name: 'qcow2',
  probe,
  dataFile: dataFileName,
  codecName: ({ compressionType, dataFile }) => (dataFile === undefined ? codecNameOf(compressionType) : undefined),
  open: (params) => new Qcow2Driver(params),
  assertCreatable,
  create,
  fileSize,
}
