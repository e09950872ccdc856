import type { EncryptRequest, Compat, CompressionType, Preallocation } from '../../shared/model.ts'

/** Creation options of every format, complete: defaults filled in. Formats read the ones they have. */
export interface CreateOptions {
  /** bytes */
  clusterSize: number
  compat: Compat
  refcountBits: number
  preallocation: Preallocation
  lazyRefcounts: boolean
  /** 32 subclusters to a cluster, each mapped alone */
  extendedL2: boolean
  /** the name of a file for the guest's bytes */
  dataFile?: string
  /** that file shall be a valid raw disk at all times */
  dataFileRaw: boolean
  encrypt?: EncryptRequest
  compressionType: CompressionType
  /** one of the codec's levels; absent means QEMU's */
  compressionLevel?: number
}

/** QEMU's defaults (qemu-img create -f qcow2 -o help). */
export const DEFAULT_OPTIONS: CreateOptions = {
  clusterSize: 65536,
  compat: '1.1',
  refcountBits: 16,
  preallocation: 'off',
  lazyRefcounts: false,
  extendedL2: false,
  dataFileRaw: false,
  compressionType: 'zlib',
}
