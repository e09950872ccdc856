/**
 * Passphrases by the name that a request gives them, or by the path of the image they open. They travel beside requests and never in them:
 * a request is shown, kept and told to every window. Whoever holds them overwrites them when they are no longer needed.
 */
export type Secrets = Readonly<Record<string, Uint8Array>>

/** The passphrase of that name; undefined where there is none, whatever the name is: `constructor` is one like another. */
export function passphraseNamed(secrets: Secrets | undefined, name: string): Uint8Array | undefined {
  return secrets && Object.hasOwn(secrets, name) ? secrets[name] : undefined
}

/** Overwrites every passphrase. */
export function wipe(secrets: Secrets): void {
  for (const passphrase of Object.values(secrets)) passphrase.fill(0)
}
