/** Bytes of an AES block. */
export const BLOCK = 16

/**
 * AES under one key, in bulk: every 16-byte block of `bytes` is encrypted or decrypted by itself, in place. The modes of operation are
 * built on this, because it is all that every crypto library has, and one call for many blocks is what makes them fast.
 */
export interface BlockCipher {
  encrypt(bytes: Uint8Array): void
  decrypt(bytes: Uint8Array): void
  /** Overwrites the key; the cipher is of no use afterwards. */
  wipe(): void
}
