import type { CreateRequest } from '../../../shared/requests.ts'

/** Bytes of a LUKS header with room for eight passphrases of aes-256 in xts mode, QEMU's default. */
const LUKS_HEADER = 2_068_480

/** What a new image takes on this disk: at once, and when the guest has filled it. Bytes; qcow2 counted by its tables. */
export function createCost(request: CreateRequest, guestSize: number): { atFirst: number; atMost: number } {
  const whole = request.qcow2?.preallocation === 'falloc' || request.qcow2?.preallocation === 'full'
  if (request.format === 'raw') return { atFirst: whole ? guestSize : 0, atMost: guestSize }
  const cluster = request.qcow2?.clusterSize ?? 65536
  const clusters = Math.ceil(guestSize / cluster)
  const mapping = roundUp(clusters * (request.qcow2?.extendedL2 ? 16 : 8), cluster)
  const counting = roundUp(((clusters + mapping / cluster) * (request.qcow2?.refcountBits ?? 16)) / 8, cluster)
  const keys = request.qcow2?.encrypt ? roundUp(LUKS_HEADER, cluster) : 0
  const roots = 2 * cluster + roundUp(Math.ceil(mapping / cluster) * 8, cluster) + keys
  const planned = request.qcow2?.preallocation === 'metadata'
  const atMost = guestSize + roots + mapping + counting
  if (whole) return { atFirst: atMost, atMost }
  return { atFirst: planned ? roots + mapping + counting : roots + cluster, atMost }
}

function roundUp(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to
}
