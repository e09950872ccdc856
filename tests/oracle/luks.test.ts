import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../src/engine/base/bytes.ts'
import type { CipherSpec } from '../../src/engine/crypto/cipher-spec.ts'
import { openLayer } from '../../src/engine/device/open.ts'
import { createEngine, unwatched } from '../../src/engine/index.ts'
import { nodeFileSystem } from '../../src/engine/io/file-system.node.ts'
import type { EncryptRequest, LuksInfo } from '../../src/shared/model.ts'
import { SPECS, titleOf } from '../fixtures/luks.ts'
import { native } from '../fixtures/platform.ts'
import { hasProgram } from '../fixtures/programs.ts'
import { Random } from '../fixtures/random.ts'
import { scratchFolder } from '../fixtures/scratch.ts'
import { codeOf } from '../fixtures/thrown.ts'
import { must, run } from './qemu.ts'

const SIZE = 1_200_640
const CONTENT = new Random(41).bytes(SIZE)
const OTHER_CONTENT = new Random(43).bytes(SIZE)
const [PASSPHRASE, OTHER] = ['abc', 'ünother']
const OBJECTS = ['--object', `secret,id=s,data=${PASSPHRASE}`, '--object', `secret,id=n,data=${OTHER}`]
const FOLLOW = { gate: { kind: 'follow' }, job: unwatched } as const
const PLATFORM = { files: nodeFileSystem, ...native }
const engine = createEngine()

/**
 * QEMU 7.2 stops itself where key material is no whole number of sectors, which it is not for a master key of 24 bytes. Vectors do not
 * depend on the cipher's key length, so one length goes with all of them.
 */
const SHARED = SPECS.filter(
  ({ cipher, mode, ivgen }) => cipher === 'aes-256' || (ivgen === 'plain64' && (cipher === 'aes-128' || mode === 'xts')),
)
const REQUESTS: [title: string, request: Omit<EncryptRequest, 'format' | 'secret'>][] = [
  ...SHARED.map((spec): [string, Omit<EncryptRequest, 'format' | 'secret'>] => [titleOf(spec), requestOf(spec)]),
  ...['md5', 'sha1', 'sha224', 'sha384', 'sha512', 'ripemd160'].map((hashAlg): [string, { hashAlg: string }] => [
    `hash ${hashAlg}`,
    { hashAlg },
  ]),
  ['aes-256 cbc essiv md5', { cipherMode: 'cbc', ivgenAlg: 'essiv', ivgenHashAlg: 'md5' }],
]

/**
 * What QEMU makes itself: specifications that name every cipher, mode and generator, and a hash each. QEMU tries for seconds how long a
 * passphrase takes; elsewhere it fills what Strata made, whose key slots it must open first.
 */
const QEMU_MADE: [title: string, request: Omit<EncryptRequest, 'format' | 'secret'>][] = [
  ['aes-256 xts plain64', 'sha256'],
  ['aes-128 cbc plain64', 'sha1'],
  ['aes-256 cbc essiv sha256', 'sha512'],
  ['aes-256 ecb plain', 'md5'],
  ['aes-128 ctr plain64', 'sha224'],
  ['aes-192 xts plain64', 'ripemd160'],
].map(([title = '', hashAlg = '']) => [
  `${title}, hash ${hashAlg}`,
  { ...requestOf(SHARED.find((spec) => titleOf(spec) === title)!), hashAlg },
])

function requestOf({ cipher, mode, ivgen, ivgenHash }: CipherSpec): Omit<EncryptRequest, 'format' | 'secret'> {
  return { cipherAlg: cipher, cipherMode: mode, ...(ivgen && { ivgenAlg: ivgen }), ...(ivgenHash && { ivgenHashAlg: ivgenHash }) }
}

/** QEMU's name of an encrypted image and its passphrase. */
const named = (file: string, secret = 's'): string => `driver=qcow2,file.filename=${file},encrypt.key-secret=${secret}`

/** Runs qemu-img; its measurement of time, when asked for as little as here, now and then measures none. */
function qemu(folder: string, ...args: string[]): string {
  for (let attempt = 1; ; attempt++) {
    const said = run('qemu-img', args, folder)
    if (said.exit === 0) return said.stdout
    if (attempt === 20 || !said.stderr.includes('CPU usage')) throw new Error(said.stderr)
  }
}

const COST = ['iterTime', 10] as const
const optionName = (key: string): string => `encrypt.${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
function qemuOptions(format: string, request: object): string {
  const options = Object.entries({ ...request, ...(format === 'luks' && { [COST[0]]: COST[1] }) }).map(
    ([key, value]) => `${optionName(key)}=${value}`,
  )
  return [`encrypt.format=${format}`, 'encrypt.key-secret=s', ...options].join(',')
}

/** What `qemu-img info` says of the encryption, in Strata's words. */
function qemuInfo(folder: string, file: string): LuksInfo {
  const words = qemu(folder, 'info', '--output=json', file).replace(
    /"([a-z]+(?:-[a-z]+)+)":/g,
    (_all, name: string) => `"${name.replace(/-(.)/g, (_dash, letter: string) => letter.toUpperCase())}":`,
  )
  return (JSON.parse(words) as { formatSpecific: { data: { encrypt: LuksInfo } } }).formatSpecific.data.encrypt
}

const strataInfo = (path: string) => engine.info({ path }, FOLLOW).layers[0]!.qcow2!.encrypt

/** The content of an encrypted image, read by Strata. */
function strataRead(folder: string, file: string, passphrase = PASSPHRASE): Buffer {
  const path = join(folder, file)
  engine.convert(
    { source: { path }, target: { path: join(folder, 'read.raw'), format: 'raw' }, overwrite: true },
    { ...FOLLOW, secrets: { [path]: bytesOf(passphrase) } },
  )
  return readFileSync(join(folder, 'read.raw'))
}

function strataWrite(folder: string, file: string, encrypt: Omit<EncryptRequest, 'secret'>): void {
  engine.convert(
    {
      source: { path: join(folder, 'content.raw'), format: 'raw' },
      target: { path: join(folder, file), format: 'qcow2', qcow2: { encrypt: { ...encrypt, secret: 'new' } } },
      overwrite: true,
    },
    { ...FOLLOW, secrets: { new: bytesOf(PASSPHRASE) } },
  )
}

/** The image's key slots, opened for writing by a passphrase. */
function withKeys(
  folder: string,
  file: string,
  passphrase: string,
  use: (keys: NonNullable<ReturnType<typeof openLayer>['keys']>) => void,
): void {
  const path = join(folder, file)
  const driver = openLayer(PLATFORM, path, { ...FOLLOW, writable: true, secrets: { [path]: bytesOf(passphrase) } })
  use(driver.keys!)
  driver.close()
}

describe.skipIf(!hasProgram('qemu-img'))('Encryption, with QEMU (needs qemu-utils)', () => {
  const folderWithContent = (): string => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'content.raw'), CONTENT)
    return folder
  }

  it.each(QEMU_MADE)('LUKS with %s that QEMU made is read and told', (_title, request) => {
    const folder = folderWithContent()
    qemu(folder, 'convert', ...OBJECTS, '-f', 'raw', '-O', 'qcow2', '-o', qemuOptions('luks', request), 'content.raw', 'disk.qcow2')
    expect(Buffer.compare(strataRead(folder, 'disk.qcow2'), CONTENT)).toBe(0)
    expect(strataInfo(join(folder, 'disk.qcow2'))).toEqual(qemuInfo(folder, 'disk.qcow2'))
  })

  it.each(REQUESTS)(
    'LUKS with %s that Strata wrote is read, checked and told by QEMU, and what QEMU writes there is read',
    (_title, request) => {
      const folder = folderWithContent()
      strataWrite(folder, 'disk.qcow2', { format: 'luks', iterTime: 10, ...request })
      qemu(folder, 'compare', ...OBJECTS, '--image-opts', 'driver=raw,file.filename=content.raw', named('disk.qcow2'))
      expect(qemu(folder, 'check', ...OBJECTS, '--image-opts', named('disk.qcow2'))).toContain('No errors were found')
      expect(qemuInfo(folder, 'disk.qcow2')).toEqual(strataInfo(join(folder, 'disk.qcow2')))
      writeFileSync(join(folder, 'other.raw'), OTHER_CONTENT)
      const target = ['--target-image-opts', named('disk.qcow2')]
      qemu(folder, 'convert', ...OBJECTS, '-n', '--image-opts', 'driver=raw,file.filename=other.raw', ...target)
      expect(Buffer.compare(strataRead(folder, 'disk.qcow2'), OTHER_CONTENT)).toBe(0)
    },
  )

  it('LUKS in clusters of every other size, and in version 2, goes both ways', () => {
    const folder = folderWithContent()
    for (const options of ['cluster_size=512,compat=0.10', 'cluster_size=2M,extended_l2=on']) {
      const all = `${qemuOptions('luks', {})},${options}`
      qemu(folder, 'convert', ...OBJECTS, '-f', 'raw', '-O', 'qcow2', '-o', all, 'content.raw', 'qemu.qcow2')
      expect(Buffer.compare(strataRead(folder, 'qemu.qcow2'), CONTENT)).toBe(0)
    }
    for (const qcow2 of [{ clusterSize: 512 }, { clusterSize: 2 ** 21 }, { compat: '0.10' as const }, { extendedL2: true }]) {
      engine.convert(
        {
          source: { path: join(folder, 'content.raw'), format: 'raw' },
          target: {
            path: join(folder, 'strata.qcow2'),
            format: 'qcow2',
            qcow2: { ...qcow2, encrypt: { format: 'luks', iterTime: 10, secret: 'new' } },
          },
          overwrite: true,
        },
        { ...FOLLOW, secrets: { new: bytesOf(PASSPHRASE) } },
      )
      qemu(folder, 'compare', ...OBJECTS, '--image-opts', 'driver=raw,file.filename=content.raw', named('strata.qcow2'))
      expect(qemu(folder, 'check', ...OBJECTS, '--image-opts', named('strata.qcow2'))).toContain('No errors were found')
    }
  })

  it('legacy AES goes both ways', () => {
    const folder = folderWithContent()
    qemu(folder, 'convert', ...OBJECTS, '-f', 'raw', '-O', 'qcow2', '-o', qemuOptions('aes', {}), 'content.raw', 'qemu.qcow2')
    expect(Buffer.compare(strataRead(folder, 'qemu.qcow2'), CONTENT)).toBe(0)
    expect(strataInfo(join(folder, 'qemu.qcow2'))).toEqual({ format: 'aes' })
    strataWrite(folder, 'strata.qcow2', { format: 'aes' })
    qemu(folder, 'compare', ...OBJECTS, '--image-opts', 'driver=raw,file.filename=content.raw', named('strata.qcow2'))
    expect(qemuInfo(folder, 'strata.qcow2')).toEqual({ format: 'aes' })
  })

  describe('key slots', () => {
    let folder: string
    const amend = (secret: string, options: string) =>
      qemu(folder, 'amend', ...OBJECTS, '-o', options, '--image-opts', named('disk.qcow2', secret))
    const opensInQemu = (secret: string): boolean =>
      run('qemu-io', [...OBJECTS, '-c', 'read 0 512', '--image-opts', named('disk.qcow2', secret)], folder).stderr === ''
    const opensInStrata = (passphrase: string) => codeOf(() => strataRead(folder, 'disk.qcow2', passphrase))

    it('that QEMU fills and empties, Strata opens and does not', () => {
      folder = folderWithContent()
      strataWrite(folder, 'disk.qcow2', { format: 'luks', iterTime: 10 })
      expect([opensInQemu('s'), opensInQemu('n')]).toEqual([true, false])
      expect([opensInStrata(PASSPHRASE), opensInStrata(OTHER)]).toEqual(['none', 'WRONG_PASSPHRASE'])
      amend('s', 'encrypt.state=active,encrypt.new-secret=n,encrypt.keyslot=5,encrypt.iter-time=10')
      expect(opensInStrata(OTHER)).toBe('none')
      expect(strataInfo(join(folder, 'disk.qcow2'))).toEqual(qemuInfo(folder, 'disk.qcow2'))
      amend('n', 'encrypt.state=inactive,encrypt.old-secret=s')
      expect([opensInStrata(PASSPHRASE), opensInStrata(OTHER)]).toEqual(['WRONG_PASSPHRASE', 'none'])
      expect(strataInfo(join(folder, 'disk.qcow2'))).toEqual(qemuInfo(folder, 'disk.qcow2'))
    })

    it('that Strata fills and empties, QEMU opens and does not', () => {
      folder = folderWithContent()
      qemu(folder, 'convert', ...OBJECTS, '-f', 'raw', '-O', 'qcow2', '-o', qemuOptions('luks', {}), 'content.raw', 'disk.qcow2')
      withKeys(folder, 'disk.qcow2', PASSPHRASE, (keys) => expect(keys.add(bytesOf(OTHER), { iterTime: 10, slot: 6 })).toBe(6))
      expect([opensInQemu('s'), opensInQemu('n')]).toEqual([true, true])
      withKeys(folder, 'disk.qcow2', OTHER, (keys) => keys.remove({ passphrase: bytesOf(PASSPHRASE) }, false))
      expect([opensInQemu('s'), opensInQemu('n')]).toEqual([false, true])
      withKeys(folder, 'disk.qcow2', OTHER, (keys) => expect(keys.change(bytesOf(OTHER), bytesOf(PASSPHRASE), { iterTime: 10 })).toBe(0))
      expect([opensInQemu('s'), opensInQemu('n')]).toEqual([true, false])
      expect(must('qemu-img', ['check', ...OBJECTS, '--image-opts', named('disk.qcow2')], folder)).toContain('No errors were found')
      expect(strataInfo(join(folder, 'disk.qcow2'))).toEqual(qemuInfo(folder, 'disk.qcow2'))
    })
  })
})
