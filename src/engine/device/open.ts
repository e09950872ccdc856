import { StrataError } from '../../shared/errors.ts'
import { passphraseNamed, type Secrets } from '../../shared/secrets.ts'
import type { FormatDriver, OpenParams } from '../formats/driver.ts'
import { foreignFormat } from '../formats/foreign.ts'
import { formatNamed, PROBE_BYTES, probeFormat } from '../formats/registry.ts'
import { type GateRule, MAX_CHAIN_DEPTH, passGate } from '../io/gate.ts'
import { identityOf } from '../io/file-system.ts'
import type { Storage } from '../io/storage.ts'
import { Disk } from './disk.ts'
import type { Platform } from './platform.ts'
import { passphraseOf } from './unlocking.ts'

export interface OpenOptions {
  /** which names found inside images may be followed */
  gate: GateRule
  /** the format, where it is known; otherwise the first bytes tell */
  format?: string | undefined
  writable?: boolean
  /** open for a check or a repair only: a damaged image is not refused, and its data file stays closed */
  repair?: boolean
  /** passphrases of encrypted images, by path or name */
  secrets?: Secrets | undefined
  /** the name of the passphrase of this image; without it, its path or the canonical one */
  secret?: string | undefined
  /** read this snapshot, by id or name, and not the disk as it is now */
  snapshot?: string | undefined
  /** how the image is written; absent means as its format does by itself */
  tuning?: Pick<OpenParams, 'lazyRefcounts' | 'overlapCheck' | 'punch'>
}

/** How a chain is opened: its top as the options say, what lies below for reading only, unless it is said otherwise here. */
export interface ChainOptions extends OpenOptions {
  /** whether a lower layer is opened for writing too; `real` is its canonical path, `depth` how many layers lie above it */
  writableBelow?: (real: string, depth: number) => boolean
  /** identities of images that stand on this one, or are to: a chain that leads back to one of them loops */
  above?: readonly string[]
}

/** One layer of a chain, opened; whoever walks the chain closes it. */
export interface Layer {
  readonly path: string
  readonly driver: FormatDriver
}

/** Opens one image file without what lies below it. The caller closes the driver. */
export function openLayer(platform: Platform, path: string, options: OpenOptions): FormatDriver {
  const storage = platform.files.open(path, options.writable ?? false)
  let dataFile: Storage | undefined
  try {
    const format = options.format === undefined ? probe(storage, options.gate) : formatNamed(options.format)
    const { writable = false, repair = false, secrets, secret } = options
    const name = repair ? undefined : format.dataFile?.(storage)
    if (name !== undefined) dataFile = openDataFile(platform, path, name, options)
    const passphrase = secret === undefined ? passphraseOf(platform, secrets, path) : passphraseNamed(secrets, secret)
    const driver = format.open({
      storage,
      codecs: platform.codecs,
      crypto: platform.crypto,
      writable,
      repair,
      ...options.tuning,
      ...(dataFile && { dataFile }),
      ...(passphrase && { passphrase }),
    })
    return options.snapshot === undefined ? driver : snapshotOf(driver, options.snapshot)
  } catch (error) {
    dataFile?.close()
    storage.close()
    throw error instanceof StrataError ? error.at({ path }) : error
  }
}

/** A snapshot as a disk of its own. Closing it closes the image. */
function snapshotOf(driver: FormatDriver, idOrName: string): FormatDriver {
  try {
    if (driver.snapshots) return driver.snapshots.open(idOrName)
  } catch (error) {
    driver.close()
    throw error
  }
  driver.close()
  throw new StrataError('UNSUPPORTED', `A ${driver.format} image holds no snapshots`, { field: 'snapshot' })
}

/** Opens the file that holds an image's guest bytes. Like a backing file, it is opened only where the gate allows. */
function openDataFile(platform: Platform, path: string, name: string, { gate, writable = false }: OpenOptions): Storage {
  const place = backingPath(platform, path, name)
  passGate(gate, platform.files, place, path, writable ? 'write' : 'read')
  if (identityOf(platform.files, place) === identityOf(platform.files, path))
    throw new StrataError('CHAIN', 'The image names itself as its data file', { path, field: 'data file' })
  return platform.files.open(place, writable)
}

/**
 * The format of a file whose format nobody stated. The terminal takes everything else as raw, as qemu-img does; the window, where anything
 * can be dropped, refuses what cannot be a disk.
 */
function probe(storage: Storage, gate: GateRule): ReturnType<typeof probeFormat> {
  const head = new Uint8Array(Math.min(PROBE_BYTES, storage.size))
  storage.readAt(0, head)
  const format = probeFormat(head)
  if (format.name !== 'raw') return format
  const foreign = foreignFormat(head)
  if (foreign !== undefined)
    throw new StrataError(
      'UNSUPPORTED',
      `This is a ${foreign} file, which Strata does not read yet`,
      { path: storage.path, offset: 0 },
      'If it really is a raw disk, say so: state the format raw.',
    )
  if (gate.kind === 'granted' && (storage.size === 0 || storage.size % 512 !== 0))
    throw new StrataError(
      'BAD_MAGIC',
      'This does not look like a disk image',
      { path: storage.path, offset: 0 },
      'Disk images are qcow2 files, or raw files whose size is a multiple of 512 bytes.',
    )
  return format
}

/** An image and the layers below it, top first, each opened when it is come to. Throws `CHAIN` for a loop or too many layers. */
export function* walkChain(platform: Platform, path: string, options: ChainOptions): Generator<Layer, void> {
  const { files } = platform
  const { gate, secrets, above = [], writableBelow = () => false, ...top } = options
  const seen = [...above]
  let layer: { path: string; options: OpenOptions } = { path, options: { gate, secrets, ...top } }
  for (let depth = 0; ; depth++) {
    const identity = identityOf(files, layer.path)
    assertGoesOn(seen, identity, layer.path)
    seen.push(identity)
    const driver = openLayer(platform, layer.path, layer.options)
    const { backing } = driver
    yield { path: layer.path, driver }
    if (!backing) return
    const lower = backingPath(platform, layer.path, backing.name)
    passGate(gate, files, lower, layer.path)
    const writable = writableBelow(files.canonical(lower), depth + 1)
    if (writable) passGate(gate, files, lower, layer.path, 'write')
    layer = { path: lower, options: { gate, secrets, writable, format: backing.format } }
  }
}

/** Throws `CHAIN` where the next layer is one that was come by already, or one too many. */
function assertGoesOn(seen: readonly string[], identity: string, path: string): void {
  if (seen.includes(identity))
    throw new StrataError(
      'CHAIN',
      `The backing chain loops: ${path} is its own backing file`,
      { path: seen.at(-1) ?? path, field: 'backing file' },
      'One of the images names a wrong backing file. Correct that name.',
    )
  if (seen.length >= MAX_CHAIN_DEPTH) throw new StrataError('CHAIN', `The backing chain has more than ${MAX_CHAIN_DEPTH} layers`, { path })
}

/** Opens an image and every layer below it; only the top one for writing, unless the options name others. Throws `CHAIN` as `walkChain` does. */
export function openDisk(platform: Platform, path: string, options: ChainOptions): Disk {
  const layers: Layer[] = []
  try {
    for (const layer of walkChain(platform, path, options)) layers.push(layer)
    assertOwnFiles(platform, layers)
  } catch (error) {
    for (const { driver } of layers) driver.close()
    throw error
  }
  return layers.reduceRight<Disk | undefined>((below, layer) => new Disk(layer.path, layer.driver, below), undefined)!
}

/** The files of one layer, by their canonical names: the image, and its data file where it has one. */
export function layerFiles(platform: Platform, { path, driver }: Layer): { image: string; dataFile?: string } {
  const { files } = platform
  const name = driver.describe().qcow2?.dataFile
  return { image: files.canonical(path), ...(name !== undefined && { dataFile: files.canonical(backingPath(platform, path, name)) }) }
}

/** The same as what they are, by whatever names. */
export function fileIdentities(platform: Platform, layer: Layer): string[] {
  return Object.values(layerFiles(platform, layer)).map((file) => identityOf(platform.files, file))
}

/** Throws `CHAIN` where a layer is to be written to a file that is another layer's, too. */
function assertOwnFiles(platform: Platform, layers: readonly Layer[]): void {
  if (layers.length === 1 || layers.every(({ driver }) => !driver.writer)) return
  const named = layers.map((layer) => ({ layer, files: fileIdentities(platform, layer) }))
  for (const { layer, files } of named) {
    if (!layer.driver.writer) continue
    if (named.some((other) => other.layer !== layer && other.files.some((file) => files.includes(file))))
      throw new StrataError(
        'CHAIN',
        'The data file of the image is a file that it stands on',
        { path: layer.path, field: 'data file' },
        'One of the images names a wrong file. Correct that name.',
      )
  }
}

/** Where the name of a backing or data file leads, as seen from the image that holds it. Throws `UNSUPPORTED` for names that are no plain file. */
export function backingPath(platform: Platform, path: string, name: string): string {
  const plain = name.startsWith('file:') ? name.slice('file:'.length) : name
  // "json:{…}", "nbd://host/…": QEMU's other ways to name a disk. A drive letter is one character, a protocol at least two.
  if (plain === name && /^[a-z][a-z0-9+.-]+:/i.test(name))
    throw new StrataError('UNSUPPORTED', `The backing file is named in a way that Strata does not follow: ${name}`, {
      path,
      field: 'backing file',
    })
  if (plain.includes('\0')) throw new StrataError('CORRUPT', 'The backing file name holds a zero byte', { path, field: 'backing file' })
  return platform.files.resolve(path, plain)
}
