import type { EncryptRequest } from '../shared/model.ts'
import { Failure, refusal } from './failure.ts'

/** One option of the encryption of a new image: what qemu-img takes, and what Strata makes; absent means all. */
interface EncryptionOption {
  kind: 'switch' | 'text' | 'number'
  help: string
  values?: readonly string[]
  supported?: readonly string[]
  complaint?: string
}

const OTHER_CIPHERS = ['des', '3des', 'cast5-128', 'serpent-128', 'serpent-192', 'serpent-256', 'twofish-128', 'twofish-192', 'twofish-256']
const AES = ['aes-128', 'aes-192', 'aes-256']
const HASHES = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'ripemd160']
const MODES = ['ecb', 'cbc', 'xts', 'ctr']

/** In the order in which `Formatting` prints them. */
export const ENCRYPTION = {
  encryption: { kind: 'switch', help: 'Encrypt with format aes (weak; for old QEMUs)' },
  'encrypt.format': {
    kind: 'text',
    help: 'Encrypt the image: luks, or aes (weak; for old QEMUs)',
    values: ['aes', 'luks'],
    complaint: 'format',
  },
  'encrypt.key-secret': { kind: 'text', help: 'The id of the secret that holds the passphrase' },
  'encrypt.cipher-alg': {
    kind: 'text',
    help: 'aes-128, aes-192 or aes-256',
    values: [...AES, ...OTHER_CIPHERS],
    supported: AES,
    complaint: 'cipher-alg',
  },
  'encrypt.cipher-mode': { kind: 'text', help: MODES.join(', '), values: MODES, complaint: 'cipher-mode' },
  'encrypt.ivgen-alg': { kind: 'text', help: 'plain, plain64 or essiv', values: ['plain', 'plain64', 'essiv'], complaint: 'ivgen-alg' },
  'encrypt.ivgen-hash-alg': { kind: 'text', help: 'The hash of essiv', values: HASHES, complaint: 'ivgen-hash-alg' },
  'encrypt.hash-alg': { kind: 'text', help: 'The hash of the key derivation', values: HASHES, complaint: 'hash-alg' },
  'encrypt.iter-time': { kind: 'number', help: 'Milliseconds that trying a passphrase takes' },
} as const satisfies Record<string, EncryptionOption>

/** The encryption that the values of a command line ask for, if any. Throws in qemu-img's words for what does not go together. */
export function encryptionOf(values: ReadonlyMap<string, bigint | string>): EncryptRequest | undefined {
  const text = (name: keyof typeof ENCRYPTION): string | undefined => values.get(name)?.toString()
  const stated = text('encrypt.format')
  if (stated !== undefined && text('encryption') !== undefined)
    throw new Failure("'encrypt.format' and its alias 'encryption' can't be used at the same time")
  const format = stated ?? (text('encryption') === 'on' ? 'aes' : undefined)
  const given = [...values.keys()].filter((name) => name.startsWith('encrypt.') && name !== 'encrypt.format')
  if (format === undefined) {
    if (given.length > 0) throw new Failure("Parameter 'encrypt.format' is missing")
    return undefined
  }
  const secret = text('encrypt.key-secret')
  const unexpected = format === 'aes' ? given.find((name) => name !== 'encrypt.key-secret') : undefined
  if (unexpected !== undefined) throw new Failure(`Parameter '${unexpected}' is unexpected`)
  if (secret === undefined) throw new Failure("Parameter 'encrypt.key-secret' is required for cipher")
  if (format === 'aes') return { format, secret }
  if (format !== 'luks') throw refusal(`encryption format '${format}'`)
  const request: EncryptRequest = { format, secret }
  const words = {
    cipherAlg: text('encrypt.cipher-alg'),
    cipherMode: text('encrypt.cipher-mode'),
    ivgenAlg: text('encrypt.ivgen-alg'),
    ivgenHashAlg: text('encrypt.ivgen-hash-alg'),
    hashAlg: text('encrypt.hash-alg'),
  }
  for (const [name, word] of Object.entries(words) as [keyof typeof words, string | undefined][])
    if (word !== undefined) request[name] = word
  const iterTime = values.get('encrypt.iter-time')
  if (iterTime !== undefined) request.iterTime = Number(iterTime)
  return request
}
