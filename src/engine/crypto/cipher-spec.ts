import { StrataError, type Where } from '../../shared/errors.ts'
import { Cbc } from './cbc.ts'
import { type CryptoProvider, HASH_BYTES, type HashName } from './crypto-provider.ts'
import { Ctr } from './ctr.ts'
import { Ecb } from './ecb.ts'
import { Essiv, type IvGenerator, plain, plain64 } from './ivgen.ts'
import { ModeCipher } from './mode-cipher.ts'
import type { SectorCipher } from './sector-cipher.ts'
import { Xts } from './xts.ts'

/** Bytes of an AES key, by QEMU's names. */
export const CIPHER_BYTES = { 'aes-128': 16, 'aes-192': 24, 'aes-256': 32 } as const
export type CipherName = keyof typeof CIPHER_BYTES
const MODES = { xts: Xts, cbc: Cbc, ctr: Ctr, ecb: Ecb } as const
export type CipherMode = keyof typeof MODES
export const CIPHER_MODES = Object.keys(MODES) as CipherMode[]
export const IV_GENERATORS = ['plain', 'plain64', 'essiv'] as const
export type IvGeneratorName = (typeof IV_GENERATORS)[number]

/** How sectors are encrypted, whatever the key. */
export interface CipherSpec {
  cipher: CipherName
  mode: CipherMode
  /** absent for ECB where the header names none, as it uses none */
  ivgen?: IvGeneratorName
  /** present for essiv alone */
  ivgenHash?: HashName
}

/** Bytes of the key; XTS takes two. */
export function keyBytesOf({ cipher, mode }: CipherSpec): number {
  return CIPHER_BYTES[cipher] * (mode === 'xts' ? 2 : 1)
}

/** Throws `UNSUPPORTED` where the hash of essiv does not give an AES key. */
export function assertSpec({ ivgen, ivgenHash = 'sha256' }: CipherSpec, where: Where = {}): void {
  if (ivgen !== 'essiv' || Object.values(CIPHER_BYTES).some((bytes) => bytes === HASH_BYTES[ivgenHash])) return
  throw new StrataError(
    'UNSUPPORTED',
    `The IV generator essiv:${ivgenHash} needs an AES key of ${HASH_BYTES[ivgenHash]} bytes, which AES does not have`,
    where,
    'Use essiv with sha256.',
  )
}

/** The cipher of a specification and a key of `keyBytesOf` bytes, which may be overwritten afterwards. */
export function sectorCipher(spec: CipherSpec, key: Uint8Array, crypto: CryptoProvider): SectorCipher {
  return new ModeCipher(new MODES[spec.mode](key, crypto), vectorsOf(spec, key, crypto))
}

function vectorsOf({ ivgen, ivgenHash = 'sha256' }: CipherSpec, key: Uint8Array, crypto: CryptoProvider): IvGenerator {
  if (ivgen === 'essiv') return new Essiv(key, ivgenHash, crypto)
  return ivgen === 'plain' ? plain : plain64
}
