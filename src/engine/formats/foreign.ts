/** Files that Strata recognises and cannot read: taking one for a raw disk is the classic mistake, and gives a disk of rubbish. */
const SIGNATURES: readonly (readonly [name: string, at: number, magic: string])[] = [
  ['VMDK', 0, 'KDMV'],
  ['VMDK', 0, 'COWD'],
  ['VMDK', 0, '# Disk DescriptorFile'],
  ['VHDX', 0, 'vhdxfile'],
  ['VHD', 0, 'conectix'],
  ['VDI', 64, '\x7f\x10\xda\xbe'],
  ['QED', 0, 'QED\0'],
  ['Parallels', 0, 'WithoutFreeSpace'],
  ['Parallels', 0, 'WithouFreSpacExt'],
  ['LUKS', 0, 'LUKS\xba\xbe'],
  ['gzip', 0, '\x1f\x8b\x08'],
  ['xz', 0, '\xfd7zXZ\0'],
  ['Zstandard', 0, '\x28\xb5\x2f\xfd'],
  ['bzip2', 0, 'BZh'],
  ['Zip', 0, 'PK\x03\x04'],
  ['tar or OVA', 257, 'ustar'],
  ['PDF', 0, '%PDF-'],
]

/** What a file is, when its first bytes, at most 1024, say that it is something Strata does not read. */
export function foreignFormat(head: Uint8Array): string | undefined {
  return SIGNATURES.find(([, at, magic]) => latin1(head.subarray(at, at + magic.length)) === magic)?.[0]
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
