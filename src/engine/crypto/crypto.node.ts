import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto'
import type { BlockCipher } from './block-cipher.ts'
import { type CryptoProvider, HASH_BYTES, type HashName } from './crypto-provider.ts'

/** The hashes that the library has, both by themselves and in key derivation. */
const present = new Set((Object.keys(HASH_BYTES) as HashName[]).filter(tries))
/** Stands in for the others, and is loaded only where there are any. */
const elsewhere = present.size < Object.keys(HASH_BYTES).length ? (await import('./crypto.portable.ts')).portableCrypto : undefined

function tries(name: HashName): boolean {
  try {
    createHash(name)
    pbkdf2Sync('', '', 1, 1, name)
    return true
  } catch {
    return false
  }
}

/**
 * Encryption by Node's crypto library. In Electron that is BoringSSL, which has no XTS and may lack old hashes: of its ciphers only
 * AES in ECB is used, and a hash that it refuses is computed in JavaScript.
 */
export const nodeCrypto: CryptoProvider = {
  aes: (key) => new NodeAes(key),

  hash: (name, bytes) => (!present.has(name) && elsewhere ? elsewhere.hash(name, bytes) : createHash(name).update(bytes).digest()),

  pbkdf2: (hash, passphrase, salt, iterations, length) =>
    !present.has(hash) && elsewhere
      ? elsewhere.pbkdf2(hash, passphrase, salt, iterations, length)
      : pbkdf2Sync(passphrase, salt, iterations, length, hash),

  randomBytes: (length) => randomBytes(length),
}

/** One context for each direction serves every call: without chaining and padding it keeps nothing from one block to the next. */
class NodeAes implements BlockCipher {
  readonly #encipher
  readonly #decipher
  #wiped = false

  constructor(key: Uint8Array) {
    const name = `aes-${key.length * 8}-ecb`
    this.#encipher = createCipheriv(name, key, null).setAutoPadding(false)
    this.#decipher = createDecipheriv(name, key, null).setAutoPadding(false)
  }

  encrypt(bytes: Uint8Array): void {
    bytes.set(this.#encipher.update(bytes))
  }

  decrypt(bytes: Uint8Array): void {
    const plain = this.#decipher.update(bytes)
    bytes.set(plain)
    // What was a secret on the disk stays no longer in memory than where the caller put it.
    plain.fill(0)
  }

  /** Ends both contexts, upon which the library clears and frees the keys that it keeps. */
  wipe(): void {
    if (this.#wiped) return
    this.#wiped = true
    this.#encipher.final()
    this.#decipher.final()
  }
}
