import { createDecipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { passphraseNamed } from '../shared/secrets.ts'
import { Failure } from './failure.ts'
import { readObject } from './object-definition.ts'

const SETTINGS = ['qom-type', 'id', 'format', 'keyid', 'iv', 'data', 'file']
const KEY_BYTES = 32
const BLOCK_BYTES = 16

/** The passphrases that the `--object secret,…` options of a command line define, by their ids, as QEMU reads them. */
export function readSecrets(objects: readonly string[]): Record<string, Uint8Array> {
  const secrets: Record<string, Uint8Array> = {}
  for (const object of objects) {
    const settings = readObject(object)
    const id = idOf(settings)
    if (Object.hasOwn(secrets, id)) throw new Failure(`attempt to add duplicate property '${id}' to object (type 'container')`)
    secrets[id] = readSecret(settings, secrets)
  }
  return secrets
}

/** Whether these bytes are text; QEMU opens no image with a passphrase that is not. */
export function isText(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString('utf8')).equals(bytes)
}

/** The id of a secret whose settings go together. */
function idOf(settings: ReadonlyMap<string, string>): string {
  const type = settings.get('qom-type') ?? ''
  if (type !== 'secret') throw new Failure(`Parameter 'qom-type' does not accept value '${type}'`)
  const id = settings.get('id')
  if (id === undefined) throw new Failure("Parameter 'id' is missing")
  const format = settings.get('format') ?? 'raw'
  if (format !== 'raw' && format !== 'base64') throw new Failure(`Parameter 'format' does not accept value '${format}'`)
  const unexpected = [...settings.keys()].find((name) => !SETTINGS.includes(name))
  if (unexpected !== undefined) throw new Failure(`Parameter '${unexpected}' is unexpected`)
  if (!/^[a-z][a-z0-9._-]*$/i.test(id))
    throw new Failure(
      "Parameter 'id' expects an identifier\nIdentifiers consist of letters, digits, '-', '.', '_', starting with a letter.",
    )
  return id
}

function readSecret(settings: ReadonlyMap<string, string>, secrets: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const data = settings.get('data')
  const file = settings.get('file')
  if (data !== undefined && file !== undefined) throw new Failure("'file' and 'data' are mutually exclusive")
  const given = file === undefined ? (data === undefined ? undefined : new TextEncoder().encode(data)) : contentOf(file)
  if (given === undefined) throw new Failure("Either 'file' or 'data' must be provided")
  const keyId = settings.get('keyid')
  const read = settings.get('format') === 'base64' ? decoded : (bytes: Uint8Array) => bytes
  return keyId === undefined ? read(given) : decrypted(() => read(given), keyId, settings.get('iv'), secrets)
}

/** A secret that is encrypted under another one, which stands before it: AES-256-CBC, padded as in PKCS #7. */
function decrypted(
  read: () => Uint8Array,
  keyId: string,
  ivText: string | undefined,
  secrets: Readonly<Record<string, Uint8Array>>,
): Uint8Array {
  const key = passphraseNamed(secrets, keyId)
  if (!key) throw new Failure(`No secret with id '${keyId}'`)
  if (key.length !== KEY_BYTES) throw new Failure(`Key should be ${KEY_BYTES} bytes in length`)
  if (ivText === undefined) throw new Failure('IV is required to decrypt secret')
  const iv = decoded(new TextEncoder().encode(ivText))
  if (iv.length !== BLOCK_BYTES) throw new Failure(`IV should be ${BLOCK_BYTES} bytes in length not ${iv.length}`)
  const bytes = read()
  if (bytes.length % BLOCK_BYTES !== 0) throw new Failure(`Length ${bytes.length} must be a multiple of block size ${BLOCK_BYTES}`)
  const plain = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false).update(bytes)
  try {
    const padding = plain.at(-1) ?? 0
    if (padding > BLOCK_BYTES) throw new Failure(`Incorrect number of padding bytes (${padding}) found on decrypted data`)
    return Uint8Array.from(plain.subarray(0, plain.length - padding))
  } finally {
    plain.fill(0)
  }
}

/** The system's words for a file that can't be read. */
const REASONS: Readonly<Record<string, (file: string) => string>> = {
  ENOENT: (file) => `Failed to open file “${file}”: No such file or directory`,
  EACCES: (file) => `Failed to open file “${file}”: Permission denied`,
  EISDIR: (file) => `Error reading file “${file}”: Is a directory`,
}

function contentOf(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new Failure(`Unable to read ${file}: ${REASONS[code]?.(file) ?? 'it can not be read'}`)
  }
}

/** As QEMU reads base64: over line ends, and no further than the last group of four. */
function decoded(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1').replaceAll('\n', '')
  if (!/^[A-Za-z0-9+/]*=*$/.test(text)) throw new Failure('Base64 data contains invalid characters')
  return new Uint8Array(Buffer.from(text.slice(0, text.length - (text.length % 4)), 'base64'))
}
