import type { Codecs } from '../codec/codec.ts'
import type { CryptoProvider } from '../crypto/crypto-provider.ts'
import type { FileSystem } from '../io/file-system.ts'

/** What the engine stands on: files, codecs and ciphers. The real ones in Node, others in a test or a browser. */
export interface Platform {
  readonly files: FileSystem
  readonly codecs: Codecs
  readonly crypto: CryptoProvider
}
