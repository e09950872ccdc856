import { execFileSync } from 'node:child_process'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FileSystemFacts } from '../../../../src/shared/disk-layout.ts'
import { recognise } from '../../../../src/engine/guest/recognise.ts'
import { GuestDisk, le } from '../../../fixtures/guest-disk.ts'
import { hasProgram } from '../../../fixtures/programs.ts'
import { Random } from '../../../fixtures/random.ts'
import { scratchFolder } from '../../../fixtures/scratch.ts'

const MIB = 2 ** 20
const be = (value: number, length: number): number[] => le(value, length).reverse()
const UUID = Array.from({ length: 16 }, (_, i) => 0x10 + i)
const UUID_TEXT = '10111213-1415-1617-1819-1a1b1c1d1e1f'
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le')
const blank = (size = 4 * MIB): GuestDisk => new GuestDisk(size)
const bootable = (): GuestDisk => blank().write(510, [0x55, 0xaa])

function ext(compatible: number, incompatible: number, readOnly: number): GuestDisk {
  return blank()
    .write(1028, [...le(1024, 4)])
    .write(1024 + 56, [0x53, 0xef])
    .write(1024 + 92, [...le(compatible, 4), ...le(incompatible, 4), ...le(readOnly, 4), ...UUID])
    .write(1024 + 120, 'a label that is 16 bytes')
}

function fat(sectors: number, wideTables: boolean, label = 'MY FAT     '): GuestDisk {
  const disk = bootable().write(11, [
    ...le(512, 2),
    4,
    ...le(1, 2),
    2,
    ...le(512, 2),
    ...le(sectors, 2),
    0xf8,
    ...le(wideTables ? 0 : 9, 2),
  ])
  if (wideTables) disk.write(36, le(500, 4))
  return disk.write(wideTables ? 66 : 38, [0x29, ...le(0x1234abcd, 4)]).write(wideTables ? 71 : 43, label)
}

function ntfs(): GuestDisk {
  const disk = bootable().write(3, 'NTFS    ').write(11, le(512, 2)).write(13, [8]).write(40, le(8191, 8)).write(48, le(4, 8))
  disk.write(64, [0xf6]).write(72, le(0x0123456789abcdefn, 8))
  const record = 4 * 4096 + 3 * 1024
  disk.write(record, 'FILE').write(record + 20, le(56, 2))
  disk.write(record + 56, [...le(0x10, 4), ...le(72, 4)])
  return disk
    .write(record + 128, [...le(0x60, 4), ...le(48, 4)])
    .write(record + 128 + 16, [...le(12, 4), ...le(24, 2)])
    .write(record + 152, wide('System'))
}

const HEADERS: [string, GuestDisk, FileSystemFacts | undefined][] = [
  ['ext2', ext(0, 2, 1), { kind: 'ext2', label: 'a label that is', uuid: UUID_TEXT, size: MIB }],
  ['ext3', ext(4, 2, 1), { kind: 'ext3', label: 'a label that is', uuid: UUID_TEXT, size: MIB }],
  ['ext4', ext(4, 0x42, 0x79), { kind: 'ext4', label: 'a label that is', uuid: UUID_TEXT, size: MIB }],
  [
    'ext4 of more blocks than 32 bits count',
    ext(4, 0x80, 0).write(1024 + 336, le(1, 4)),
    { kind: 'ext4', label: 'a label that is', uuid: UUID_TEXT, size: (2 ** 32 + 1024) * 1024 },
  ],
  [
    'XFS',
    blank()
      .write(0, 'XFSB')
      .write(4, [...be(4096, 4), ...be(512, 8)])
      .write(32, UUID)
      .write(108, 'data'),
    { kind: 'xfs', label: 'data', uuid: UUID_TEXT, size: 2 * MIB },
  ],
  [
    'Btrfs',
    blank()
      .write(65536 + 32, UUID)
      .write(65536 + 64, '_BHRfS_M')
      .write(65536 + 209, le(3 * MIB, 8))
      .write(65536 + 299, 'pool'),
    { kind: 'btrfs', label: 'pool', uuid: UUID_TEXT, size: 3 * MIB },
  ],
  [
    'F2FS',
    blank()
      .write(1024, le(0xf2f52010, 4))
      .write(1024 + 16, le(12, 4))
      .write(1024 + 36, le(512, 8))
      .write(1024 + 108, UUID)
      .write(1024 + 124, wide('flash')),
    { kind: 'f2fs', label: 'flash', uuid: UUID_TEXT, size: 2 * MIB },
  ],
  ['Squashfs', blank().write(0, 'hsqs').write(28, le(4, 2)).write(40, le(5000, 8)), { kind: 'squashfs', size: 5000 }],
  ['FAT16', fat(8000, false), { kind: 'vfat', label: 'MY FAT', uuid: '1234-ABCD', size: 8000 * 512 }],
  ['FAT32 without a name', fat(8000, true, 'NO NAME    '), { kind: 'vfat', uuid: '1234-ABCD', size: 8000 * 512 }],
  ['FAT without a serial number', fat(8000, false).write(38, [0]), { kind: 'vfat', size: 8000 * 512 }],
  ['FAT of no sectors', fat(0, false), undefined],
  ['FAT with an impossible medium', fat(8000, false).write(21, [0x12]), undefined],
  [
    'exFAT',
    bootable()
      .write(3, 'EXFAT   ')
      .write(72, le(8192, 8))
      .write(88, le(256, 4))
      .write(96, [...le(4, 4), ...le(0xcafe0001, 4)])
      .write(108, [9, 3])
      .write(256 * 512 + 2 * 4096 + 32, [0x83, 4, ...wide('card')]),
    { kind: 'exfat', label: 'card', uuid: 'CAFE-0001', size: 4 * MIB },
  ],
  ['NTFS', ntfs(), { kind: 'ntfs', label: 'System', uuid: '0123456789ABCDEF', size: 4 * MIB }],
  ['NTFS whose table is nowhere', ntfs().write(48, le(2n ** 60n, 8)), { kind: 'ntfs', uuid: '0123456789ABCDEF', size: 4 * MIB }],
  [
    'NTFS with attributes that go on for ever',
    ntfs().write(4 * 4096 + 3 * 1024 + 60, le(0, 4)),
    { kind: 'ntfs', uuid: '0123456789ABCDEF', size: 4 * MIB },
  ],
  ['BitLocker', bootable().write(3, '-FVE-FS-'), { kind: 'bitlocker' }],
  [
    'ISO 9660',
    blank()
      .write(32768, [1])
      .write(32769, 'CD001')
      .write(32808, 'DEBIAN 13   ')
      .write(32848, le(1000, 4))
      .write(32896, le(2048, 2))
      .write(33581, '2026112306070809'),
    { kind: 'iso9660', label: 'DEBIAN 13', uuid: '2026-11-23-06-07-08-09', size: 2_048_000 },
  ],
  [
    'APFS',
    blank()
      .write(32, 'NXSB')
      .write(36, [...le(4096, 4), ...le(300, 8)])
      .write(72, UUID),
    { kind: 'apfs', uuid: UUID_TEXT, size: 300 * 4096 },
  ],
  [
    'HFS Plus',
    blank()
      .write(1024, 'H+')
      .write(1026, be(4, 2))
      .write(1064, [...be(4096, 4), ...be(100, 4)]),
    { kind: 'hfsplus', size: 409_600 },
  ],
  ...[4096, 8192, 16384, 65536].map((page): [string, GuestDisk, FileSystemFacts] => [
    `swap of pages of ${page} bytes`,
    blank()
      .write(page - 10, 'SWAPSPACE2')
      .write(1024, [...le(1, 4), ...le(9, 4), ...le(0, 4), ...UUID])
      .write(1052, 'swap'),
    { kind: 'swap', label: 'swap', uuid: UUID_TEXT, size: 10 * page },
  ]),
  ['LUKS 1', blank().write(0, [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe, 0, 1]).write(168, UUID_TEXT), { kind: 'luks1', uuid: UUID_TEXT }],
  [
    'LUKS 2',
    blank().write(0, [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe, 0, 2]).write(24, 'vault').write(168, UUID_TEXT),
    { kind: 'luks2', label: 'vault', uuid: UUID_TEXT },
  ],
  [
    'LVM',
    blank()
      .write(512, 'LABELONE')
      .write(532, le(32, 4))
      .write(536, 'LVM2 001')
      .write(544, 'abcdef1234123412341234123412341234abcdef'.slice(0, 32))
      .write(576, le(3 * MIB, 8)),
    { kind: 'lvm2', uuid: 'abcdef-1234-1234-1234-1234-1234-123412', size: 3 * MIB },
  ],
  [
    'LVM whose header is nowhere',
    blank()
      .write(0, 'LABELONE')
      .write(20, le(2 ** 32 - 1, 4))
      .write(24, 'LVM2 001'),
    { kind: 'lvm2' },
  ],
  [
    'RAID',
    blank()
      .write(4096, [...le(0xa92b4efc, 4), ...le(1, 4)])
      .write(4112, UUID)
      .write(4128, 'host:0')
      .write(4096 + 128, [...le(2048, 8), ...le(4096, 8)]),
    { kind: 'raid', label: 'host:0', uuid: UUID_TEXT, size: 3 * MIB },
  ],
  ['ZFS', blank().write(131072 + 5 * 1024, le(0x00bab10c, 8)), { kind: 'zfs' }],
  ['ZFS of the other byte order', blank().write(131072, be(0x00bab10c, 8)), { kind: 'zfs' }],
  ['nothing', blank(), undefined],
  ['a boot sector alone', bootable(), undefined],
]

it.each(HEADERS)('knows %s', (_what, disk, expected) => {
  expect(recognise(disk)).toEqual(expected)
})

it('keeps control characters out of labels', () => {
  expect(recognise(blank().write(0, 'XFSB').write(108, '\x1b[2Jevil'))?.label).toBe('[2Jevil')
})

it('reads nothing past the end, and throws for no bytes', () => {
  const disks = HEADERS.map(([, disk]) => disk)
  const damage = fc.array(fc.tuple(fc.nat(140_000), fc.uint8Array({ minLength: 1, maxLength: 8 })), { maxLength: 6 })
  fc.assert(
    fc.property(fc.constantFrom(...disks), fc.oneof(fc.constant(4 * MIB), fc.nat(200_000)), damage, (base, size, writes) => {
      const disk = base.resized(size)
      for (const [at, bytes] of writes) disk.write(at, bytes)
      const found = recognise(disk)
      expect(found?.size ?? 1).toBeGreaterThan(0)
    }),
    { numRuns: 100 },
  )
  const random = new Random(5)
  for (const [, disk] of HEADERS) {
    const again = disk.resized(disk.size)
    for (let i = 0; i < 40; i++) again.write(random.below(2048), random.bytes(4))
    recognise(again)
  }
})

describe('what real programs make', () => {
  /** A file of 64 MiB, after a program has run on it, as a disk. */
  function made(program: string, ...args: string[]): { size: number; readAt(at: number, into: Uint8Array): void } {
    const path = join(scratchFolder(), 'disk.raw')
    writeFileSync(path, '')
    truncateSync(path, 64 * MIB)
    execFileSync(program, [...args, path], {
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
      stdio: 'ignore',
    })
    const bytes = readFileSync(path)
    return { size: bytes.length, readAt: (at, into) => into.set(bytes.subarray(at, at + into.length)) }
  }
  const uuid = '01234567-89ab-4cde-8f01-23456789abcd'

  // Skipped where e2fsprogs is not installed.
  it.skipIf(!hasProgram('mke2fs')).each(['ext2', 'ext3', 'ext4'] as const)('mke2fs: %s', (kind) => {
    expect(recognise(made('mke2fs', '-q', '-t', kind, '-L', 'root', '-U', uuid))).toEqual({ kind, label: 'root', uuid, size: 64 * MIB })
  })

  // Skipped where util-linux's mkswap is not installed.
  it.skipIf(!hasProgram('mkswap'))('mkswap', () => {
    expect(recognise(made('mkswap', '-L', 'page', '-U', uuid))).toEqual({ kind: 'swap', label: 'page', uuid, size: 64 * MIB })
  })
})
