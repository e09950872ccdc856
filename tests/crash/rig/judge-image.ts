import { unwatched } from '../../../src/engine/base/job.ts'
import { Disk } from '../../../src/engine/device/disk.ts'
import type { FormatDriver } from '../../../src/engine/formats/driver.ts'
import { qcow2 } from '../../../src/engine/formats/qcow2/index.ts'
import type { MemoryStorage } from '../../../src/engine/io/memory.ts'
import { native } from '../../fixtures/platform.ts'

/** Throws unless a qcow2 image is sound: it opens, and a check finds leaks at most. One with the dirty bit has to be so once it was opened for writing. */
export function assertSound(image: MemoryStorage): void {
  const driver = openDriver(image, false)
  const { qcow2: details } = driver.describe()
  if (details?.corrupt) throw new Error('the corrupt bit is set')
  const seen = details?.dirty ? mended(image) : driver
  const { findings, corruptions, checkErrors } = seen.check!.check(unwatched)
  if (corruptions === 0 && checkErrors === 0) return
  // Version 2 has no dirty bit: a snapshot that is cut short leaves bit 63 as it is not, which harms nothing (docs/architecture.md).
  const grave = findings.filter(({ kind, message }) => kind !== 'leak' && !(details?.compat === '0.10' && message.includes('OFLAG_COPIED')))
  if (grave.length > 0 || checkErrors > 0) throw new Error(`a check finds: ${grave.map(({ message }) => message).join('; ')}`)
}

/** Opens an image that lies in one file. */
export function openDriver(image: MemoryStorage, writable: boolean, passphrase?: Uint8Array): FormatDriver {
  return qcow2.open({ storage: image, ...native, writable, ...(passphrase && { passphrase: passphrase.slice() }) })
}

/** All bytes of a disk that stands on nothing. */
export function bytesOf(driver: FormatDriver): Uint8Array {
  const bytes = new Uint8Array(driver.size)
  new Disk('image', driver).readAt(0, bytes)
  return bytes
}

function mended(image: MemoryStorage): FormatDriver {
  const copy = image.clone()
  openDriver(copy, true).close()
  const driver = openDriver(copy, false)
  const { leaks } = driver.check!.check(unwatched)
  if (driver.describe().dirty || leaks > 0) throw new Error('what the dirty bit announces is not mended')
  return driver
}
