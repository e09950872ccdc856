import { passphraseNamed, type Secrets } from '../../shared/secrets.ts'
import type { Platform } from './platform.ts'

/** The passphrase of an image that has none of its own name: told by its path, or by the one name of its file, whatever link led to it. */
export function passphraseOf({ files }: Pick<Platform, 'files'>, secrets: Secrets | undefined, path: string): Uint8Array | undefined {
  return passphraseNamed(secrets, path) ?? (secrets && passphraseNamed(secrets, files.canonical(path)))
}
