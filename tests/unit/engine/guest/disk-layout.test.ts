import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLayout } from '../../../../src/engine/guest/disk-layout.ts'
import { DISK_GUID, GuestDisk, le, LINUX, writeExt4, writeGpt, writeMbr } from '../../../fixtures/guest-disk.ts'
import { Random } from '../../../fixtures/random.ts'

const MIB = 2 ** 20
const EFI = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B'

function withGpt(size = 64 * MIB): GuestDisk {
  const disk = new GuestDisk(size)
  writeGpt(disk, {
    partitions: [
      { first: 2048, last: 4095, type: EFI, name: 'EFI ü', attributes: 4 },
      { first: 4096, last: 65535 },
    ],
  })
  writeExt4(disk, 4096 * 512, 61440 / 8)
  return disk
}

/** What both tables above list. */
const BOTH = [
  { index: 1, start: MIB, length: MIB, typeName: 'EFI system', label: 'EFI ü', active: true },
  { index: 2, start: 2 * MIB, length: 30 * MIB, type: LINUX, active: false, fileSystem: { kind: 'ext4', label: 'root', size: 30 * MIB } },
]

describe('a GPT', () => {
  it('is read with its partitions and what they hold', () => {
    expect(readLayout(withGpt())).toMatchObject({
      table: 'gpt',
      sectorSize: 512,
      id: DISK_GUID,
      hybrid: false,
      partitions: BOTH,
      problems: [],
    })
  })

  it('leaves room for its backup behind the last partition', () => {
    expect(readLayout(withGpt()).lastUsedByte).toBe(32 * MIB + 33 * 512)
  })

  it('may count in sectors of 4096 bytes', () => {
    const disk = new GuestDisk(64 * MIB)
    writeGpt(disk, { sectorSize: 4096, partitions: [{ first: 512, last: 1023 }] })
    const { table, sectorSize, partitions, lastUsedByte, problems } = readLayout(disk)
    expect({ table, sectorSize, problems }).toEqual({ table: 'gpt', sectorSize: 4096, problems: [] })
    expect(partitions).toMatchObject([{ start: 2 * MIB, length: 2 * MIB }])
    expect(lastUsedByte).toBe(4 * MIB + 5 * 4096)
  })

  it('may have entries of another size and number', () => {
    const disk = new GuestDisk(64 * MIB)
    writeGpt(disk, {
      count: 8,
      entryBytes: 256,
      partitions: [
        { first: 2048, last: 4095 },
        { first: 4096, last: 8191 },
      ],
    })
    expect(readLayout(disk)).toMatchObject({
      partitions: [{ index: 1 }, { index: 2, start: 2 * MIB }],
      lastUsedByte: 4 * MIB + 5 * 512,
      problems: [],
    })
  })

  it('may be listed in the MBR in part, too', () => {
    const disk = withGpt()
    writeMbr(disk, [
      { type: 0xee, first: 1, sectors: 2047 },
      { type: 0xef, first: 2048, sectors: 2048 },
    ])
    expect(readLayout(disk)).toMatchObject({ table: 'gpt', hybrid: true, partitions: BOTH, problems: [] })
  })

  it.each([
    ['the header', 512 + 40],
    ['the header’s signature', 512],
  ])('is read from its backup when %s is damaged', (_what, at) => {
    const layout = readLayout(withGpt().write(at, [0xff]))
    expect(layout).toMatchObject({ table: 'gpt', partitions: BOTH })
    expect(layout.problems).toEqual([expect.stringContaining('its backup is used')])
  })

  it('is read from the place that a damaged header names, when the disk has grown', () => {
    const layout = readLayout(
      withGpt()
        .resized(80 * MIB)
        .write(512 + 56, [0xff]),
    )
    expect(layout).toMatchObject({ table: 'gpt', id: DISK_GUID, partitions: BOTH })
  })

  it('takes its entries from the backup when their checksum is wrong', () => {
    const layout = readLayout(withGpt().write(1024 + 32, [0xff]))
    expect(layout.partitions).toMatchObject(BOTH)
    expect(layout.problems).toEqual(['The list of partitions does not fit its checksum.'])
  })

  it('tells what it can when header and backup are both damaged', () => {
    const disk = withGpt()
    disk.write(512 + 16, [0, 0, 0, 0]).write(disk.size - 512, [0])
    const layout = readLayout(disk)
    expect(layout.partitions).toMatchObject(BOTH)
    expect(layout.problems).toEqual([expect.stringContaining('what it says may be wrong')])
  })

  it('has its backup in the middle after the disk grew, and past the end after it was cut', () => {
    expect(readLayout(withGpt().resized(100 * MIB)).problems).toEqual([expect.stringContaining('not at the end of the disk')])
    expect(readLayout(withGpt().resized(40 * MIB)).problems).toEqual([expect.stringContaining('past the end of the disk')])
    const { problems, lastUsedByte } = readLayout(withGpt().resized(20 * MIB))
    expect(problems).toContain(`Partition 2 reaches ${12 * MIB} bytes past the end of the disk.`)
    expect(lastUsedByte).toBeGreaterThan(20 * MIB)
  })

  it('says when the backup is damaged or another', () => {
    const disk = withGpt()
    disk.write(disk.size - 512, [0])
    expect(readLayout(disk).problems).toEqual(['The backup of the partition table is damaged.'])
    const other = withGpt()
    const mixed = new GuestDisk(other.size)
    writeGpt(mixed, { partitions: [{ first: 2048, last: 4095 }] })
    for (let at = other.size - 33 * 512; at < other.size; at += 512) {
      const sector = new Uint8Array(512)
      mixed.readAt(at, sector)
      other.write(at, sector)
    }
    expect(readLayout(other).problems).toEqual(['The partition table and its backup differ.'])
  })

  it('is missed by some when there is no protective MBR, and counts for nothing beside an MBR of its own', () => {
    const disk = new GuestDisk(64 * MIB)
    writeGpt(disk, { bare: true, partitions: [{ first: 2048, last: 4095 }] })
    expect(readLayout(disk)).toMatchObject({ table: 'gpt', problems: [expect.stringContaining('protective MBR is missing')] })
    writeMbr(disk, [{ type: 0x83, first: 2048, sectors: 8 }])
    expect(readLayout(disk)).toMatchObject({ table: 'mbr', problems: [expect.stringContaining('A GPT is on the disk too')] })
  })

  it('tells partitions that overlap, lie over the table, or can be nowhere', () => {
    const disk = new GuestDisk(64 * MIB)
    writeGpt(disk, {
      partitions: [
        { first: 2048, last: 8191 },
        { first: 2100, last: 2110 },
        { first: 8191, last: 9000 },
        { first: 10, last: 20 },
        { first: 3, last: 2n ** 64n - 1n },
        { first: 20, last: 10 },
      ],
    })
    const { problems, partitions } = readLayout(disk)
    expect(partitions.map(({ index }) => index)).toEqual([1, 2, 3, 4])
    expect(problems).toEqual([
      expect.stringContaining('Partition 5 is left out'),
      expect.stringContaining('Partition 6 is left out'),
      'Partition 4 lies outside of the room that the table has for partitions.',
      'Partitions 1 and 2 overlap.',
      'Partitions 1 and 3 overlap.',
    ])
  })

  it('is not believed a count of four thousand million entries', () => {
    const disk = withGpt()
    disk
      .write(512 + 16, [0, 0, 0, 0])
      .write(512 + 80, le(2 ** 32 - 1, 4))
      .write(disk.size - 512, [0])
    expect(readLayout(disk).problems).toContain('The partition table claims 4294967295 entries; only the first ones were looked at.')
  })
})

describe('an MBR', () => {
  /** A primary partition, an extended one, and a chain of two logical ones in it. */
  function withMbr(): GuestDisk {
    const disk = new GuestDisk(64 * MIB)
    writeMbr(disk, [
      { type: 0x83, first: 2048, sectors: 2048, status: 0x80 },
      { type: 0x05, first: 8192, sectors: 16384 },
    ])
    writeMbr(
      disk,
      [
        { type: 0x82, first: 2048, sectors: 1024 },
        { type: 0x05, first: 4096, sectors: 4096 },
      ],
      8192 * 512,
    )
    writeMbr(disk, [{ type: 0x07, first: 2048, sectors: 2048 }], 12288 * 512)
    return disk.write(440, le(0xdeadbeef, 4))
  }

  it('is read with its logical partitions', () => {
    expect(readLayout(withMbr())).toEqual({
      size: 64 * MIB,
      table: 'mbr',
      sectorSize: 512,
      id: '0xdeadbeef',
      hybrid: false,
      partitions: [
        { index: 1, start: MIB, length: MIB, type: '0x83', typeName: 'Linux', role: 'primary', active: true },
        { index: 2, start: 4 * MIB, length: 8 * MIB, type: '0x05', typeName: 'Extended', role: 'extended', active: false },
        { index: 5, start: 5 * MIB, length: MIB / 2, type: '0x82', typeName: 'Linux swap', role: 'logical', active: false },
        { index: 6, start: 7 * MIB, length: MIB, type: '0x07', typeName: 'NTFS or exFAT', role: 'logical', active: false },
      ],
      lastUsedByte: 12 * MIB,
      problems: [],
    })
  })

  it.each([
    ['leads back to itself', { type: 0x05, first: 0, sectors: 16384 }],
    ['leads out of the extended partition', { type: 0x05, first: 2 ** 32 - 1, sectors: 16384 }],
    ['there is no boot record in sector 24000', { type: 0x05, first: 24000 - 8192, sectors: 1 }],
  ])('ends a chain where it %s', (why, link) => {
    const disk = withMbr()
    writeMbr(disk, [{ type: 0x82, first: 2048, sectors: 1024 }, link], 8192 * 512)
    const { partitions, problems } = readLayout(disk)
    expect(partitions.map(({ index }) => index)).toEqual([1, 2, 5])
    expect(problems).toEqual([expect.stringContaining(why)])
  })

  it('ends a chain that never does', () => {
    const disk = new GuestDisk(64 * MIB)
    writeMbr(disk, [{ type: 0x0f, first: 1, sectors: 60000 }])
    for (let i = 0; i < 1000; i++)
      writeMbr(
        disk,
        [
          { type: 0x83, first: 1, sectors: 1 },
          { type: 0x05, first: (i + 1) * 4, sectors: 4 },
        ],
        (1 + i * 4) * 512,
      )
    const { partitions, problems } = readLayout(disk)
    expect(partitions).toHaveLength(257)
    expect(problems).toEqual([expect.stringContaining('longer than 256')])
  })

  it('counts in sectors of 4096 bytes where only so something is found', () => {
    const disk = new GuestDisk(64 * MIB)
    writeMbr(disk, [{ type: 0x83, first: 256, sectors: 1024 }])
    expect(readLayout(disk)).toMatchObject({ sectorSize: 512, partitions: [{ start: 131072 }] })
    writeExt4(disk, MIB, 1024)
    expect(readLayout(disk)).toMatchObject({
      sectorSize: 4096,
      partitions: [{ start: MIB, length: 4 * MIB, fileSystem: { kind: 'ext4' } }],
    })
  })

  it('that announces a GPT which is not there says so', () => {
    const disk = new GuestDisk(MIB)
    writeMbr(disk, [{ type: 0xee, first: 1, sectors: 2047 }])
    expect(readLayout(disk)).toMatchObject({ table: 'mbr', problems: ['The MBR announces a GPT, and none was found.'] })
  })

  it('with impossible rows is none', () => {
    const disk = new GuestDisk(MIB)
    writeMbr(disk, [{ type: 0x83, first: 1, sectors: 2, status: 0x12 }])
    expect(readLayout(disk)).toMatchObject({
      table: 'none',
      partitions: [],
      problems: [expect.stringContaining('its rows are impossible')],
    })
  })

  it('may be empty', () => {
    const disk = new GuestDisk(MIB)
    writeMbr(disk, [])
    const layout = readLayout(disk)
    expect(layout).toMatchObject({ table: 'mbr', partitions: [], problems: [] })
    expect(layout).not.toHaveProperty('lastUsedByte')
  })

  it('may be that of an installation medium, which lists parts of itself', () => {
    const disk = new GuestDisk(64 * MIB)
    disk.write(32768, [1]).write(32769, 'CD001').write(32808, 'INSTALL').write(32848, le(20_000, 4)).write(32896, le(2048, 2))
    writeMbr(disk, [
      { type: 0x17, first: 0, sectors: 65536, status: 0x80 },
      { type: 0xef, first: 1000, sectors: 2000 },
    ])
    expect(readLayout(disk)).toMatchObject({
      table: 'mbr',
      partitions: [
        { index: 1, start: 0, fileSystem: { kind: 'iso9660' } },
        { index: 2, typeName: 'EFI system' },
      ],
      fileSystem: { kind: 'iso9660', label: 'INSTALL', size: 20_000 * 2048 },
      lastUsedByte: 20_000 * 2048,
    })
    expect(readLayout(disk).problems).toEqual(['The file system in partition 1 is larger than the partition.'])
  })

  it('says when a file system is larger than its partition', () => {
    const disk = withMbr()
    writeExt4(disk, MIB, 1024)
    expect(readLayout(disk).problems).toEqual(['The file system in partition 1 is larger than the partition.'])
  })
})

describe('a disk without a table', () => {
  it('is known by the file system on it, whose size is what the disk needs', () => {
    const disk = new GuestDisk(64 * MIB)
    writeExt4(disk, 0, 2560)
    expect(readLayout(disk)).toMatchObject({
      table: 'none',
      fileSystem: { kind: 'ext4', label: 'root' },
      lastUsedByte: 10 * MIB,
      problems: [],
    })
    writeMbr(disk, []) // a boot loader in the first sector is no table
    expect(readLayout(disk)).toMatchObject({ table: 'none', lastUsedByte: 10 * MIB })
  })

  it('may be larger than the disk that is left of it', () => {
    const disk = new GuestDisk(MIB)
    writeExt4(disk, 0, 2560)
    expect(readLayout(disk).problems).toEqual(['The file system is larger than the disk.'])
  })

  it.each([0, 1, 511, 512, 4096, MIB])('of %i empty bytes is told as empty', (size) => {
    expect(readLayout(new GuestDisk(size))).toEqual({ size, table: 'none', sectorSize: 512, hybrid: false, partitions: [], problems: [] })
  })
})

it('never throws, whatever is on the disk, and keeps its answer small', () => {
  const bases = [withGpt(8 * MIB + 512), new GuestDisk(3 * MIB + 100)]
  writeMbr(bases[1]!, [
    { type: 5, first: 8, sectors: 4000 },
    { type: 7, first: 1, sectors: 2 ** 32 - 1 },
  ])
  writeMbr(
    bases[1]!,
    [
      { type: 7, first: 8, sectors: 1 },
      { type: 5, first: 8, sectors: 9 },
    ],
    8 * 512,
  )
  const damage = fc.array(fc.tuple(fc.nat(6000), fc.uint8Array({ minLength: 1, maxLength: 16 })), { maxLength: 12 })
  fc.assert(
    fc.property(fc.nat(1), damage, fc.nat(4 * MIB), (which, writes, size) => {
      const disk = bases[which]!.resized(size)
      for (const [at, bytes] of writes) disk.write(at, bytes)
      const { partitions, problems } = readLayout(disk)
      expect(partitions.length).toBeLessThan(2000)
      expect(problems.length).toBeLessThanOrEqual(50)
      for (const { start, length } of partitions) expect(Number.isSafeInteger(start + length) && length > 0).toBe(true)
    }),
    { numRuns: 150 },
  )
  for (let seed = 1; seed < 20; seed++) readLayout(new GuestDisk(8192).write(0, new Random(seed).bytes(8190)).write(510, [0x55, 0xaa]))
})
