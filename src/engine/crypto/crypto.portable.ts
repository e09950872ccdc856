import { ecb } from '@noble/ciphers/aes.js'
import { md5, ripemd160, sha1 } from '@noble/hashes/legacy.js'
import { pbkdf2 } from '@noble/hashes/pbkdf2.js'
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { BlockCipher } from './block-cipher.ts'
import type { CryptoProvider } from './crypto-provider.ts'

const HASHES = { md5, sha1, sha224, sha256, sha384, sha512, ripemd160 } as const
/** The most that one call for random bytes gives (Web Cryptography, getRandomValues). */
const MOST_RANDOM = 65536

/** Encryption in JavaScript, for where there is no native one. */
export const portableCrypto: CryptoProvider = {
  aes: (key) => new PortableAes(key),

  hash: (name, bytes) => HASHES[name](bytes),

  pbkdf2: (hash, passphrase, salt, iterations, length) => pbkdf2(HASHES[hash], passphrase, salt, { c: iterations, dkLen: length }),

  randomBytes(length) {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += MOST_RANDOM) crypto.getRandomValues(bytes.subarray(at, at + MOST_RANDOM))
    return bytes
  },
}

class PortableAes implements BlockCipher {
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    this.#key = new Uint8Array(key)
  }

  encrypt(bytes: Uint8Array): void {
    bytes.set(this.#once().encrypt(bytes))
  }

  decrypt(bytes: Uint8Array): void {
    const plain = this.#once().decrypt(bytes)
    bytes.set(plain)
    plain.fill(0)
  }

  wipe(): void {
    this.#key.fill(0)
  }

  /** The library's cipher is good for one call, after which it has overwritten the keys that it made of this one. */
  #once(): ReturnType<typeof ecb> {
    return ecb(this.#key, { disablePadding: true })
  }
}
