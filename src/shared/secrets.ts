/**
 * Passphrases by the name that a request gives them, or by the path of the image they open. They travel beside requests and never in them:
 * a request is shown, kept and told to every window. Whoever holds them overwrites them when they are no longer needed.
 */
export type Secrets = Readonly<Record<string, Uint8Array>>

/** Overwrites every passphrase. */
export function wipe(secrets: Secrets): void {
  for (const passphrase of Object.values(secrets)) passphrase.fill(0)
}
