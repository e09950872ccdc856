import type { CompressionType, Compat, Preallocation, Qcow2Options } from '../../../shared/model.ts'
import { Encryption } from './encryption.svelte.ts'

export const DEFAULT_CLUSTER = 65536
export const DEFAULT_REFCOUNT_BITS = 16
/** Subclusters are 512 bytes at least, and 32 make a cluster. */
const LEAST_EXTENDED_CLUSTER = 16384

/** What a new qcow2 image is made of, while the person chooses it. Sizes are bytes. */
export class Qcow2Form {
  clusterSize = $state(DEFAULT_CLUSTER)
  compat = $state<Compat>('1.1')
  preallocation = $state<Preallocation>('off')
  refcountBits = $state(DEFAULT_REFCOUNT_BITS)
  lazyRefcounts = $state(false)
  extendedL2 = $state(false)
  compressionType = $state<CompressionType>('zlib')
  readonly encryption = new Encryption()

  /** version 3 alone has what came after QEMU 1.1 */
  readonly modern = $derived(this.compat === '1.1')
  readonly mayExtend = $derived(this.modern && this.clusterSize >= LEAST_EXTENDED_CLUSTER)
  readonly extended = $derived(this.mayExtend && this.extendedL2)

  /** What differs from the defaults. `preallocation` is what the image can have; the passphrase goes by the name that is shown. */
  options(preallocation: Preallocation): Qcow2Options {
    const { request: encrypt } = this.encryption
    return {
      ...(this.clusterSize !== DEFAULT_CLUSTER && { clusterSize: this.clusterSize }),
      ...(this.compat !== '1.1' && { compat: this.compat }),
      ...(this.modern && this.refcountBits !== DEFAULT_REFCOUNT_BITS && { refcountBits: this.refcountBits }),
      ...(preallocation !== 'off' && { preallocation }),
      ...(this.modern && this.lazyRefcounts && { lazyRefcounts: true }),
      ...(this.extended && { extendedL2: true }),
      ...(this.modern && this.compressionType !== 'zlib' && { compressionType: this.compressionType }),
      ...(encrypt && { encrypt }),
    }
  }
}
