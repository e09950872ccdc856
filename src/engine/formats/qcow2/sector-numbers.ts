import type { SectorCipher } from '../../crypto/sector-cipher.ts'

/** A cipher, and whether its sectors are numbered by where they lie in the file (LUKS) or on the disk (legacy AES). Section "Data encryption". */
export interface SectorNumbers {
  readonly cipher: SectorCipher
  readonly by: 'host' | 'guest'
}
