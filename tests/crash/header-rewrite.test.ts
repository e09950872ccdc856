import { describe, expect, it } from 'vitest'
import { featureNameExtension } from '../../src/engine/formats/qcow2/extensions.ts'
import { encodeHeader, type Header, readHeader } from '../../src/engine/formats/qcow2/header.ts'
import { rewriteHeader } from '../../src/engine/formats/qcow2/header-rewrite.ts'
import { EXTENSION } from '../../src/engine/formats/qcow2/layout.ts'
import { MemoryStorage } from '../../src/engine/io/memory.ts'
import { TraceStorage } from '../../src/engine/io/trace.ts'
import { powerCuts } from '../fixtures/power-cuts.ts'
import { Random } from '../fixtures/random.ts'

const PADDING = 0x50414420

function headerOf(clusterBits: number): Header {
  const clusterSize = 2 ** clusterBits
  return {
    version: 3,
    clusterBits,
    size: 0,
    cryptMethod: 0,
    l1Size: 0,
    l1Offset: clusterSize * 3,
    refcountTableOffset: clusterSize,
    refcountTableClusters: 1,
    snapshotCount: 0,
    snapshotsOffset: 0,
    incompatible: 0n,
    compatible: 0n,
    autoclear: 0n,
    refcountOrder: 4,
    compressionType: 0,
    rest: new Uint8Array(),
    extensions: [],
  }
}

/** A header with all that can be there, at random. */
function randomHeader(clusterBits: number, random: Random): Header {
  const header = headerOf(clusterBits)
  if (clusterBits > 9 && random.below(3) > 0) header.extensions.push(featureNameExtension())
  if (random.below(2) === 0)
    header.extensions.push({ type: 0x12345678, data: random.bytes(random.below(random.below(3) === 0 ? 300 : 30)) })
  if (random.below(2) === 0) header.extensions.unshift({ type: EXTENSION.dataFile, data: name(random, clusterBits) })
  if (random.below(4) === 0) header.rest = random.bytes(8 * random.below(8))
  if (random.below(3) > 0) {
    header.backing = { name: new TextDecoder().decode(name(random, clusterBits)) }
    if (random.below(2) === 0) header.backing.format = random.below(2) === 0 ? 'raw' : 'qcow2'
  }
  header.compatible = BigInt(random.below(2))
  if (random.below(4) === 0) Object.assign(header, { version: 2, compatible: 0n, rest: new Uint8Array() })
  return header
}

function name(random: Random, clusterBits: number): Uint8Array {
  const longest = clusterBits > 12 ? 1000 : clusterBits === 12 ? 400 : 40
  return new Uint8Array(1 + random.below(longest)).fill(97 + random.below(26))
}

/** What a header says, but for names of features, which are a courtesy, and padding. */
function meaning(storage: MemoryStorage): unknown {
  const header = readHeader(storage)
  const extensions = header.extensions
    .filter(({ type }) => type !== EXTENSION.featureNames && type !== PADDING)
    .map(({ type, data }) => [type, Buffer.from(data).toString('hex')])
  return { ...header, rest: Buffer.from(header.rest).toString('hex'), extensions }
}

function laid(header: Header): MemoryStorage {
  const storage = new MemoryStorage('image')
  storage.truncate(2 ** header.clusterBits * 4)
  storage.writeAt(0, encodeHeader(header, 'image'))
  return storage
}

/** A header that fits into its cluster. */
function fitting(clusterBits: number, random: Random): Header {
  for (;;) {
    const header = randomHeader(clusterBits, random)
    try {
      encodeHeader(header, '')
      return header
    } catch {
      continue
    }
  }
}

describe('Rewriting the first cluster', () => {
  it.each([9, 12, 16, 21])('says the old or the new after a power cut, whatever changes (clusters of 2^%i bytes)', (clusterBits) => {
    const random = new Random(clusterBits * 101)
    const rounds = clusterBits === 21 ? 8 : 60
    let detours = 0
    for (let round = 0; round < rounds; round++) {
      const before = laid(fitting(clusterBits, random))
      const next = fitting(clusterBits, random)
      const after = laid(next)
      const allowed = [meaning(before), meaning(after)]
      const traced = new TraceStorage(before.clone())
      rewriteHeader(traced, next)
      detours += traced.calls.filter(({ kind }) => kind === 'flush').length > 3 ? 1 : 0
      for (const { image, name } of powerCuts(traced, round)) expect(allowed, `round ${round}, ${name}`).toContainEqual(meaning(image))
      const bytes = new Uint8Array(2 ** clusterBits)
      traced.readAt(0, bytes)
      expect(Buffer.compare(bytes, encodeHeader(next, '')), 'nothing is left of the old').toBe(0)
    }
    if (clusterBits > 9) expect(detours, 'the new lay over the old now and then').toBeGreaterThan(rounds / 20)
  })

  it('goes the direct way where nothing lies over anything', () => {
    const header = headerOf(16)
    const traced = new TraceStorage(laid(header))
    rewriteHeader(traced, { ...header, compatible: 1n })
    expect(traced.calls.filter(({ kind, ...call }) => kind === 'write' && 'at' in call && call.at === 0)).toHaveLength(1)
  })

  it('drops the padding that a power cut left', () => {
    const header = headerOf(16)
    header.extensions.push({ type: PADDING, data: new Uint8Array(64) }, { type: 0x12345678, data: new Uint8Array([1]) })
    const storage = laid(header)
    rewriteHeader(storage, readHeader(storage))
    expect(readHeader(storage).extensions.map(({ type }) => type)).toEqual([0x12345678])
  })
})
