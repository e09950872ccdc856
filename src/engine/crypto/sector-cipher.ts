/** Bytes that one sector number, and so one initialisation vector, stands for. */
export const SECTOR = 512

/** Encrypts and decrypts whole 512-byte sectors in place; `sector` numbers the first one of `bytes`. */
export interface SectorCipher {
  encrypt(sector: number, bytes: Uint8Array): void
  decrypt(sector: number, bytes: Uint8Array): void
  /** Overwrites the keys; the cipher is of no use afterwards. */
  wipe(): void
}
