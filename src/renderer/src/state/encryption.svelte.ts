import type { Client, WindowApi } from '../../../shared/api.ts'
import type { EncryptRequest } from '../../../shared/model.ts'

/** The name that stands for the passphrase in the command line that is shown. */
const SHOWN_SECRET = 'sec0'
/** Milliseconds that trying a passphrase takes, unless the person chooses otherwise: QEMU's default. */
export const DEFAULT_ITER_TIME = 2000

/** Whether a new disk is encrypted, and with what, while the person describes it. */
export class Encryption {
  on = $state(false)
  passphrase = $state('')
  again = $state('')
  /** milliseconds */
  iterTime = $state(DEFAULT_ITER_TIME)

  readonly ready = $derived(!this.on || (this.passphrase !== '' && this.passphrase === this.again))
  /** as the command line shows it: the passphrase goes by a name */
  readonly request = $derived.by<EncryptRequest | undefined>(() => {
    if (!this.on) return undefined
    return { format: 'luks', secret: SHOWN_SECRET, ...(this.iterTime !== DEFAULT_ITER_TIME && { iterTime: this.iterTime }) }
  })

  /** Gives the passphrase to the host for one order, and answers how that order names it; undefined where nothing is encrypted. */
  async hold(client: Pick<Client<WindowApi>, 'holdSecret'>): Promise<EncryptRequest | undefined> {
    if (!this.request) return undefined
    return { ...this.request, secret: (await client.holdSecret({ passphrase: this.passphrase })).name }
  }

  /** Forgets what was typed. */
  leave(): void {
    this.passphrase = this.again = ''
  }
}
