import { readFileSync } from 'node:fs'
import { Failure, refusal } from './failure.ts'
import { parseOptionLists } from './option-list.ts'

/** The passphrases that the `--object secret,…` options of a command line define, by their ids. */
export function readSecrets(objects: readonly string[]): Record<string, Uint8Array> {
  const secrets: Record<string, Uint8Array> = {}
  for (const object of objects) {
    const [[type, implied] = ['', ''], ...settings] = parseOptionLists([object])
    if (type !== 'secret' && !(type === 'qom-type' && implied === 'secret'))
      throw new Failure(`Parameter 'qom-type' does not accept value '${type}'`)
    const { id, passphrase } = readSecret(new Map(settings))
    secrets[id] = passphrase
  }
  return secrets
}

function readSecret(settings: ReadonlyMap<string, string>): { id: string; passphrase: Uint8Array } {
  for (const name of settings.keys()) {
    if (name === 'keyid' || name === 'iv') throw refusal('a secret that is itself encrypted (keyid, iv)', 'Give the passphrase in a file.')
    if (!['id', 'data', 'file', 'format'].includes(name)) throw new Failure(`Invalid parameter '${name}'`)
  }
  const id = settings.get('id')
  const data = settings.get('data')
  const file = settings.get('file')
  const format = settings.get('format') ?? 'raw'
  if (id === undefined) throw new Failure("Parameter 'id' is missing")
  if (data !== undefined && file !== undefined) throw new Failure("'file' and 'data' are mutually exclusive")
  if (format !== 'raw' && format !== 'base64') throw new Failure(`Parameter 'format' does not accept value '${format}'`)
  const given = file === undefined ? (data === undefined ? undefined : new TextEncoder().encode(data)) : contentOf(file)
  if (given === undefined) throw new Failure("Either 'file' or 'data' must be provided")
  return { id, passphrase: format === 'raw' ? given : decoded(given) }
}

function contentOf(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file))
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new Failure(
      `Unable to read ${file}: ${missing ? `Failed to open file “${file}”: No such file or directory` : 'it can not be read'}`,
    )
  }
}

function decoded(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1').trim()
  if (!/^[A-Za-z0-9+/\s]*={0,2}$/.test(text)) throw new Failure('Base64 data of a secret is not valid base64')
  return new Uint8Array(Buffer.from(text, 'base64'))
}
