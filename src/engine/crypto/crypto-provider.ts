import type { BlockCipher } from './block-cipher.ts'

/** Digests by their LUKS names, and their length in bytes. */
export const HASH_BYTES = { md5: 16, sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64, ripemd160: 20 } as const
export type HashName = keyof typeof HASH_BYTES

/** What encryption stands on. The native and the portable one give the same bytes and pass the same tests. */
export interface CryptoProvider {
  /** AES with a key of 16, 24 or 32 bytes, which may be overwritten afterwards. */
  aes(key: Uint8Array): BlockCipher
  hash(name: HashName, bytes: Uint8Array): Uint8Array
  /** PBKDF2 with HMAC (RFC 8018, 5.2). `length` in bytes. The caller overwrites the result after use. */
  pbkdf2(hash: HashName, passphrase: Uint8Array, salt: Uint8Array, iterations: number, length: number): Uint8Array
  /** Bytes that nobody can guess. */
  randomBytes(length: number): Uint8Array
}
