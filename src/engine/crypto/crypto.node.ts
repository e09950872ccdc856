import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto'
import type { BlockCipher } from './block-cipher.ts'
import type { CryptoProvider, HashName } from './crypto-provider.ts'
import { portableCrypto } from './crypto.portable.ts'

/**
 * Encryption by Node's crypto library. In Electron that is BoringSSL, which has no XTS and may lack old hashes: of its ciphers only
 * AES in ECB is used, and a hash that it refuses is computed in JavaScript.
 */
export const nodeCrypto: CryptoProvider = {
  aes: (key) => new NodeAes(key),

  hash: (name, bytes) => (hasHash(name) ? createHash(name).update(bytes).digest() : portableCrypto.hash(name, bytes)),

  pbkdf2: (hash, passphrase, salt, iterations, length) =>
    hasHash(hash)
      ? pbkdf2Sync(passphrase, salt, iterations, length, hash)
      : portableCrypto.pbkdf2(hash, passphrase, salt, iterations, length),

  randomBytes: (length) => randomBytes(length),
}

const present = new Map<HashName, boolean>()

/** Whether the library has a hash, both by itself and in key derivation. */
function hasHash(name: HashName): boolean {
  let has = present.get(name)
  if (has === undefined) present.set(name, (has = tries(name)))
  return has
}

function tries(name: HashName): boolean {
  try {
    createHash(name)
    pbkdf2Sync('', '', 1, 1, name)
    return true
  } catch {
    return false
  }
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
