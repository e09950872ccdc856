import { StrataError } from '../../../shared/errors.ts'
import type { FormatDriver, SnapshotFacet } from '../driver.ts'
import type { Image } from './image.ts'
import { applySnapshot, createSnapshot, removeSnapshot, renameSnapshot } from './snapshot-changes.ts'
import { SnapshotDriver } from './snapshot-driver.ts'
import { snapshotSpace } from './snapshot-space.ts'
import { indexOf, rowsOf } from './snapshot-table.ts'

/** The internal snapshots of an image. `whole` is the image's own driver. */
export function snapshotFacet(image: Image, whole: Pick<FormatDriver, 'describe' | 'close' | 'writer'>): SnapshotFacet {
  const writable = (): Image => {
    image.assertCertain()
    if (whole.writer) return image
    throw new StrataError('READ_ONLY', 'The disk was opened for reading only', { path: image.storage.path })
  }
  return {
    list: () => image.snapshotTable.snapshots.map(({ l1Offset: _offset, l1Size: _size, ...info }) => info),
    space(thorough, job) {
      image.assertCertain()
      if (whole.writer) image.flush()
      return snapshotSpace(image, thorough, job)
    },
    open(idOrName) {
      image.assertCertain()
      return new SnapshotDriver(image, image.snapshotTable.snapshots[indexOf(image, rowsOf(image), idOrName)]!, whole)
    },
    create: (label, job) => createSnapshot(writable(), label, job),
    apply: (idOrName, job) => applySnapshot(writable(), idOrName, job),
    remove: (idOrName, job) => removeSnapshot(writable(), idOrName, job),
    rename: (idOrName, name) => renameSnapshot(writable(), idOrName, name),
  }
}
