import { COMPRESSION_TYPES, type FormatName, type Preallocation, type Qcow2Options } from '../shared/model.ts'
import { ENCRYPTION, encryptionOf } from './encryption-options.ts'
import { Failure, refusal } from './failure.ts'
import { escapeValue } from './option-list.ts'
import { parseSize } from './sizes.ts'

/** One creation option of a format. */
interface CreationOption {
  kind: 'size' | 'number' | 'switch' | 'text'
  help: string
  /** what a new image gets, and what `Formatting` prints, where nothing is given */
  preset?: bigint | string
  /** every value that qemu-img takes; anything else is a mistake */
  values?: readonly string[]
  /** the values that Strata can make; others are refused by name. Absent: all */
  supported?: readonly string[]
  /** the name that qemu-img complains about, where it is not the option's own */
  complaint?: string
}

const PREALLOCATION = {
  kind: 'text',
  help: 'What is allocated at once: off, metadata, falloc, full',
  values: ['off', 'metadata', 'falloc', 'full'] satisfies readonly Preallocation[],
} as const

/** In the order in which `Formatting` prints them. */
const QCOW2: Record<string, CreationOption> = {
  ...ENCRYPTION,
  cluster_size: { kind: 'size', help: 'Cluster size, 512 to 2M', preset: 65536n },
  extended_l2: { kind: 'switch', help: '32 subclusters to a cluster', preset: 'off' },
  preallocation: PREALLOCATION,
  compression_type: {
    kind: 'text',
    help: 'How clusters are compressed: zlib or zstd',
    preset: 'zlib',
    values: COMPRESSION_TYPES,
    complaint: 'compression-type',
  },
  size: { kind: 'size', help: 'Size of the disk' },
  compat: { kind: 'text', help: 'Version: 0.10 (v2) or 1.1 (v3)', values: ['0.10', '1.1', 'v2', 'v3'], complaint: 'version' },
  backing_file: { kind: 'text', help: 'The image below' },
  backing_fmt: { kind: 'text', help: 'The format of the image below' },
  data_file: { kind: 'text', help: 'A file of its own for the data' },
  data_file_raw: { kind: 'switch', help: 'Keep the data file a valid raw disk' },
  lazy_refcounts: { kind: 'switch', help: 'Postpone reference counts', preset: 'off' },
  refcount_bits: { kind: 'number', help: 'Width of a reference count: 1 to 64', preset: 16n },
  nocow: { kind: 'switch', help: 'No copy-on-write in the file system (btrfs)', supported: ['off'] },
}
const RAW: Record<string, CreationOption> = {
  size: { kind: 'size', help: 'Size of the disk' },
  preallocation: { ...PREALLOCATION, help: 'What is allocated at once: off, falloc, full', values: ['off', 'falloc', 'full'] },
  nocow: { kind: 'switch', help: 'No copy-on-write in the file system (btrfs)', supported: ['off'] },
}
const OPTIONS: Record<FormatName, ReadonlyMap<string, CreationOption>> = {
  qcow2: new Map(Object.entries(QCOW2)),
  raw: new Map(Object.entries(RAW)),
}

/** The creation options that a command line gives to one new image: read, not yet judged. */
export class CreationOptions {
  readonly format: FormatName
  readonly #table: ReadonlyMap<string, CreationOption>
  readonly #values = new Map<string, bigint | string>()

  /** Throws for names the format does not have and for values that can't be read, as `Parameter '…' expects …`. */
  constructor(format: FormatName, settings: readonly [name: string, value: string][]) {
    this.format = format
    this.#table = OPTIONS[format]
    for (const [name, value] of settings) this.set(name, value)
  }

  set(name: string, value: string): void {
    const option = this.#table.get(name)
    if (!option) throw new Failure(`Invalid parameter '${name}'`)
    this.#values.set(name, READERS[option.kind](name, value))
  }

  setSize(bytes: bigint): void {
    this.#values.set('size', bytes)
  }

  text(name: 'backing_file' | 'backing_fmt'): string | undefined {
    return this.#values.get(name)?.toString()
  }

  /** bytes */
  get size(): bigint | undefined {
    const size = this.#values.get('size')
    return typeof size === 'bigint' ? size : undefined
  }

  get preallocates(): boolean {
    return ![undefined, 'off'].includes(this.#values.get('preallocation')?.toString())
  }

  get encrypts(): boolean {
    return this.#values.has('encrypt.format') || this.#values.get('encryption') === 'on'
  }

  has(name: string): boolean {
    return this.#table.has(name)
  }

  /** `fmt=qcow2 cluster_size=65536 …`: what is given and what is preset, as `Formatting` prints it. */
  describe(): string {
    const settings = [...this.#table].flatMap(([name, { preset }]) => {
      const value = this.#values.get(name) ?? preset
      return value === undefined ? [] : [`${name}=${escapeValue(value.toString())}`]
    })
    return [`fmt=${this.format}`, ...settings].join(' ')
  }

  /** The options as the engine takes them. Throws for values that make no sense, and refuses by name those that Strata cannot make yet. */
  toRequest(): Qcow2Options {
    for (const [name, value] of this.#values) this.#judge(name, value.toString())
    const request: Qcow2Options = {}
    const clusterSize = this.#values.get('cluster_size')
    const refcountBits = this.#values.get('refcount_bits')
    const compat = this.#values.get('compat')
    if (clusterSize !== undefined) request.clusterSize = Number(clusterSize)
    if (refcountBits !== undefined) request.refcountBits = Number(refcountBits)
    if (compat !== undefined) request.compat = compat === '0.10' || compat === 'v2' ? '0.10' : '1.1'
    const compressionType = COMPRESSION_TYPES.find((type) => type === this.#values.get('compression_type'))
    if (compressionType !== undefined) request.compressionType = compressionType
    const encrypt = encryptionOf(this.#values)
    if (encrypt) request.encrypt = encrypt
    const dataFile = this.#values.get('data_file')
    if (dataFile !== undefined) request.dataFile = dataFile.toString()
    if (this.#values.get('data_file_raw') === 'on') request.dataFileRaw = true
    if (this.#values.get('extended_l2') === 'on') request.extendedL2 = true
    if (this.#values.get('lazy_refcounts') === 'on') request.lazyRefcounts = true
    const preallocation = PREALLOCATION.values.find((mode) => mode === this.#values.get('preallocation'))
    if (preallocation !== undefined) request.preallocation = preallocation
    return request
  }

  #judge(name: string, value: string): void {
    const { values, supported, complaint = name } = this.#table.get(name) ?? {}
    if (values?.includes(value) === false)
      throw new Failure(
        this.format === 'raw' && name === 'preallocation'
          ? `Unsupported preallocation mode: ${value}`
          : `Parameter '${complaint}' does not accept value '${value}'`,
      )
    if (supported?.includes(value) === false) throw refusal(`creation option '${name}=${value}'`)
  }
}

/** What `-o help` prints: the options that Strata has values for. */
export function creationHelp(format: FormatName): string {
  const lines = [...OPTIONS[format]]
    .filter(([, { supported }]) => supported?.length !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { kind, help }]) => `  ${`${name}=<${KIND_NAMES[kind]}>`.padEnd(22)} - ${help}\n`)
  return `Supported ${format} options:\n${lines.join('')}`
}

/** What kind of value a creation option takes; undefined where the format has no such option. */
export function creationOptionKind(format: FormatName, name: string): CreationOption['kind'] | undefined {
  return OPTIONS[format].get(name)?.kind
}

/** Reads the value of an option; throws `Parameter '…' expects …`. */
export function readOptionValue(kind: CreationOption['kind'], name: string, value: string): bigint | string {
  return READERS[kind](name, value)
}

const KIND_NAMES: Record<CreationOption['kind'], string> = { size: 'size', number: 'num', switch: 'bool (on/off)', text: 'str' }

const READERS: Record<CreationOption['kind'], (name: string, value: string) => bigint | string> = {
  size: readSizeParameter,
  number(name, value) {
    if (!/^\s*\+?(0x[0-9a-f]+|\d+)$/i.test(value)) throw new Failure(`Parameter '${name}' expects a number`)
    return BigInt(value.replace('+', '').trim())
  },
  switch(name, value) {
    if (value !== 'on' && value !== 'off') throw new Failure(`Parameter '${name}' expects 'on' or 'off'`)
    return value
  },
  text: (_name, value) => value,
}

/** A size that is the value of a named parameter, in bytes. */
export function readSizeParameter(name: string, value: string): bigint {
  const size = parseSize(value)
  if (size === 'range') throw new Failure(`Value '${value}' is out of range for parameter '${name}'`)
  if (size === 'invalid')
    throw new Failure(
      `Parameter '${name}' expects a non-negative number below 2^64\n` +
        'Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\nand exabytes, respectively.',
    )
  return size
}
