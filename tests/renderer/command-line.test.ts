import { describe, expect, it } from 'vitest'
import { checkCommand, compactCommand, convertCommand, createCommand, resizeCommand } from '../../src/renderer/src/lib/command-line.ts'

describe('the line that a sheet shows', () => {
  it('leaves out what is the default', () => {
    expect(createCommand({ path: '/vms/a.qcow2', format: 'qcow2', size: 40 * 1024 ** 3, overwrite: false })).toBe(
      'strata create -f qcow2 /vms/a.qcow2 40G',
    )
  })

  it('names every option that was chosen', () => {
    const request = {
      path: '/vms/a.qcow2',
      format: 'qcow2' as const,
      backing: { name: 'base.qcow2', format: 'qcow2' },
      qcow2: { clusterSize: 131072, compat: '0.10' as const, preallocation: 'metadata' as const },
      overwrite: false,
    }
    expect(createCommand(request)).toBe(
      'strata create -f qcow2 -o cluster_size=128K,compat=0.10,preallocation=metadata -b base.qcow2 -F qcow2 /vms/a.qcow2',
    )
  })

  it('repairs over the heads of others with force alone', () => {
    const request = { path: '/vms/a.qcow2', format: 'qcow2' as const, repair: 'all' as const }
    expect(checkCommand(request, false)).toBe('strata check -f qcow2 -r all /vms/a.qcow2')
    expect(checkCommand({ ...request, dryRun: true }, true)).toBe('strata check -f qcow2 -r all --dry-run --force /vms/a.qcow2')
  })

  it('compacts in place, or in a new file', () => {
    expect(compactCommand({ path: '/a.raw', format: 'raw', how: 'in-place' })).toBe('strata compact -p -f raw /a.raw')
    expect(compactCommand({ path: '/a', how: 'rewrite', compress: true })).toBe('strata compact -p --rewrite -c /a')
  })

  it('keeps a base, compresses as hard as was asked, and reads passphrases from files', () => {
    const source = { path: '/vms/a,b.qcow2', format: 'qcow2' as const }
    const target = {
      path: '/c.qcow2',
      format: 'qcow2' as const,
      compress: true,
      qcow2: { compressionType: 'zstd' as const, compressionLevel: 12 },
      backing: { name: '/vms/base one.raw', format: 'raw' },
    }
    expect(convertCommand({ source, target, overwrite: false })).toBe(
      "strata convert -p -f qcow2 -O qcow2 -c --level=12 -B '/vms/base one.raw' -F raw -o compression_type=zstd /vms/a,b.qcow2 /c.qcow2",
    )
    const encrypted = { path: '/c', format: 'qcow2' as const, qcow2: { encrypt: { format: 'luks' as const, secret: 'sec0' } } }
    expect(convertCommand({ source, target: encrypted, overwrite: false }, true)).toBe(
      'strata convert -p --object secret,id=src0,file=src0.txt --object secret,id=sec0,file=sec0.txt --image-opts -O qcow2' +
        ' -o encrypt.format=luks,encrypt.key-secret=sec0 driver=qcow2,file.filename=/vms/a,,b.qcow2,encrypt.key-secret=src0 /c',
    )
  })

  it('quotes what a shell would take apart', () => {
    const source = { path: "/my disks/anna's.img", format: 'raw' as const }
    const target = { path: 'C:\\My disks\\a.qcow2', format: 'qcow2' as const, compress: true }
    expect(convertCommand({ source, target, overwrite: false })).toBe(
      `strata convert -p -f raw -O qcow2 -c '/my disks/anna'\\''s.img' "C:\\My disks\\a.qcow2"`,
    )
  })

  it('quotes a name that looks like a variable or a pattern', () => {
    expect(resizeCommand({ path: '/vms/$HOME*.raw', size: 512 })).toBe("strata resize '/vms/$HOME*.raw' 512")
  })
})
