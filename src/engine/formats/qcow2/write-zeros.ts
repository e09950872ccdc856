import type { Lease } from '../driver.ts'

/** Writes what reads as zeros: a hole where the file system can, but encrypted bytes where they are to be. */
export function writeZeros({ storage, at, length, sealed }: Pick<Lease, 'storage' | 'at' | 'length' | 'sealed'>): void {
  if (!sealed) return storage.zeroAt(at, length)
  const bytes = new Uint8Array(length)
  sealed.cipher.encrypt(sealed.sector, bytes)
  storage.writeAt(at, bytes)
}
