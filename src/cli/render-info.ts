import type { DiskInfo, EncryptionInfo, LuksSlotInfo, Qcow2Details, SnapshotInfo } from '../shared/model.ts'
import { humanSize } from './sizes.ts'

/** One layer as `info` prints it for a person. */
export function infoText(info: DiskInfo): string {
  const lines = [
    `image: ${info.path}`,
    `file format: ${info.format}`,
    `virtual size: ${humanSize(info.virtualSize)} (${info.virtualSize} bytes)`,
    `disk size: ${humanSize(info.actualSize)}`,
  ]
  if (info.encrypted) lines.push('encrypted: yes')
  if (info.clusterSize !== undefined) lines.push(`cluster_size: ${info.clusterSize}`)
  if (info.dirty) lines.push('cleanly shut down: no')
  if (info.backingName !== undefined) {
    const elsewhere = info.backingPath !== undefined && info.backingPath !== info.backingName
    lines.push(`backing file: ${info.backingName}${elsewhere ? ` (actual path: ${info.backingPath ?? ''})` : ''}`)
    if (info.backingFormat !== undefined) lines.push(`backing file format: ${info.backingFormat}`)
  }
  if (info.snapshots.length > 0) lines.push(...snapshotLines(info.snapshots))
  if (info.qcow2) {
    lines.push('Format specific information:', ...treeLines(qcow2Data(info.qcow2), '    '))
  }
  return `${lines.join('\n')}\n`
}

/** One layer as `info --output=json` prints it; the keys come in QEMU's order, which is a hash table's. */
export function infoObject(info: DiskInfo): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  if (info.snapshots.length > 0) object['snapshots'] = info.snapshots.map(snapshotObject)
  if (info.backingFormat !== undefined) object['backing-filename-format'] = info.backingFormat
  object['virtual-size'] = info.virtualSize
  object['filename'] = info.path
  if (info.clusterSize !== undefined) object['cluster-size'] = info.clusterSize
  object['format'] = info.format
  object['actual-size'] = info.actualSize
  if (info.qcow2) object['format-specific'] = { type: info.format, data: qcow2Data(info.qcow2) }
  if (info.backingName !== undefined) object['full-backing-filename'] = info.backingPath ?? info.backingName
  if (info.encrypted) object['encrypted'] = true
  if (info.backingName !== undefined) object['backing-filename'] = info.backingName
  object['dirty-flag'] = info.dirty
  return object
}

/** An object or a list, a line for each value in it. */
function treeLines(tree: object, indent: string): string[] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) => {
    const name = indent + (Array.isArray(tree) ? `[${key}]` : key.replaceAll('-', ' '))
    return typeof value === 'object' && value !== null ? [`${name}:`, ...treeLines(value, `${indent}    `)] : [`${name}: ${String(value)}`]
  })
}

/** What `format-specific` holds, in QEMU's order. */
function qcow2Data(details: Qcow2Details): Record<string, unknown> {
  const { compat, compressionType, lazyRefcounts, refcountBits, corrupt, extendedL2, bitmaps, encrypt, dataFile, dataFileRaw } = details
  const version3 = compat !== '0.10'
  return {
    compat,
    'compression-type': compressionType,
    ...(version3 && { 'lazy-refcounts': lazyRefcounts }),
    ...(bitmaps && { bitmaps: bitmaps.map(({ flags, name, granularity }) => ({ flags, name, granularity })) }),
    'refcount-bits': refcountBits,
    ...(dataFile !== undefined && { 'data-file': dataFile }),
    ...(encrypt && { encrypt: encryptObject(encrypt) }),
    ...(dataFile !== undefined && { 'data-file-raw': dataFileRaw ?? false }),
    ...(version3 && { corrupt, 'extended-l2': extendedL2 }),
  }
}

function encryptObject(encrypt: EncryptionInfo): Record<string, unknown> {
  if (encrypt.format === 'aes') return { format: 'aes' }
  const { ivgenAlg, ivgenHashAlg, hashAlg, cipherAlg, cipherMode, uuid, payloadOffset, masterKeyIters } = encrypt
  return {
    ...(ivgenAlg !== undefined && { 'ivgen-alg': ivgenAlg }),
    'hash-alg': hashAlg,
    'cipher-alg': cipherAlg,
    uuid,
    ...(ivgenHashAlg !== undefined && { 'ivgen-hash-alg': ivgenHashAlg }),
    format: 'luks',
    'cipher-mode': cipherMode,
    slots: encrypt.slots.map(slotObject),
    'payload-offset': payloadOffset,
    'master-key-iters': masterKeyIters,
  }
}

function slotObject({ active, iters, keyOffset, stripes }: LuksSlotInfo): Record<string, unknown> {
  return {
    active,
    ...(iters !== undefined && { iters }),
    'key-offset': keyOffset,
    ...(stripes !== undefined && { stripes }),
  }
}

/** The snapshots of an image as a list; nothing where there are none. */
export function snapshotList(snapshots: readonly SnapshotInfo[]): string {
  return snapshots.length === 0 ? '' : `${snapshotLines(snapshots).join('\n')}\n`
}

function snapshotLines(snapshots: readonly SnapshotInfo[]): string[] {
  return ['Snapshot list:', SNAPSHOT_HEAD, ...snapshots.map(snapshotLine)]
}

const SNAPSHOT_HEAD = `${'ID'.padEnd(10)}${'TAG'.padEnd(17)}${'VM SIZE'.padStart(8)}${'DATE'.padStart(20)}${'VM CLOCK'.padStart(13)}${'ICOUNT'.padStart(11)}`

function snapshotLine(snapshot: SnapshotInfo): string {
  const columns = [
    paddedBytes(snapshot.id, 9),
    ' ',
    paddedBytes(snapshot.name, 16),
    ' ',
    humanSize(snapshot.vmStateSize).padStart(8),
    localTime(snapshot.dateSeconds).padStart(20),
    clockTime(snapshot).padStart(13),
    (snapshot.icount?.toString() ?? '').padStart(11),
  ]
  return columns.join('')
}

/** Padded as C pads: by bytes. */
function paddedBytes(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - Buffer.byteLength(text)))
}

function snapshotObject(snapshot: SnapshotInfo): Record<string, unknown> {
  return {
    ...(snapshot.icount !== undefined && { icount: snapshot.icount }),
    'vm-clock-nsec': snapshot.clockNanoseconds,
    name: snapshot.name,
    'date-sec': snapshot.dateSeconds,
    'date-nsec': snapshot.dateNanoseconds,
    'vm-clock-sec': snapshot.clockSeconds,
    id: snapshot.id,
    'vm-state-size': snapshot.vmStateSize,
  }
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, '0')
}

function localTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')}`
}

function clockTime({ clockSeconds, clockNanoseconds }: SnapshotInfo): string {
  const parts = [Math.floor(clockSeconds / 3600), Math.floor(clockSeconds / 60) % 60, clockSeconds % 60]
  return `${parts.map(twoDigits).join(':')}.${Math.floor(clockNanoseconds / 1e6)
    .toString()
    .padStart(3, '0')}`
}
