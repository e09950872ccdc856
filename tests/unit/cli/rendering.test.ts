import { describe, expect, it } from 'vitest'
import { json } from '../../../src/cli/json.ts'
import { PROGRESS_END, progressLine } from '../../../src/cli/progress.ts'
import { checkExit, checkObject, checkText, repairText } from '../../../src/cli/render-check.ts'
import { infoObject, infoText } from '../../../src/cli/render-info.ts'
import type { CheckReport, DiskInfo } from '../../../src/shared/model.ts'

const DISK: DiskInfo = {
  path: 'sub/top.qcow2',
  format: 'qcow2',
  virtualSize: 10 * 2 ** 30,
  actualSize: 200_704,
  clusterSize: 65536,
  dirty: true,
  encrypted: true,
  backingName: '../base.raw',
  backingPath: 'sub/../base.raw',
  backingFormat: 'raw',
  snapshots: [
    {
      id: '12',
      name: 'with a machine',
      vmStateSize: 300 * 2 ** 20,
      dateSeconds: new Date(2026, 0, 2, 3, 4, 5).getTime() / 1000,
      dateNanoseconds: 6,
      clockSeconds: 99 * 3600 + 61,
      clockNanoseconds: 7_999_999,
    },
  ],
  qcow2: {
    compat: '1.1',
    compressionType: 'zlib',
    lazyRefcounts: false,
    refcountBits: 16,
    corrupt: true,
    dirty: true,
    extendedL2: false,
    fileLength: 196_616,
  },
  modified: 0,
}

const CLEAN: CheckReport = {
  path: 'x.qcow2',
  format: 'qcow2',
  corruptions: 0,
  leaks: 0,
  checkErrors: 0,
  findings: [],
  totalClusters: 3,
  allocatedClusters: 2,
  fragmentedClusters: 1,
  compressedClusters: 0,
  imageEndOffset: 458_752,
  clusterSize: 65536,
}

describe('info', () => {
  it('prints all that a layer can have', () => {
    expect(infoText(DISK)).toBe(
      [
        'image: sub/top.qcow2',
        'file format: qcow2',
        'virtual size: 10 GiB (10737418240 bytes)',
        'disk size: 196 KiB',
        'encrypted: yes',
        'cluster_size: 65536',
        'cleanly shut down: no',
        'backing file: ../base.raw (actual path: sub/../base.raw)',
        'backing file format: raw',
        'Snapshot list:',
        'ID        TAG               VM SIZE                DATE     VM CLOCK     ICOUNT',
        '12        with a machine    300 MiB 2026-01-02 03:04:05 99:01:01.007           ',
        'Format specific information:',
        '    compat: 1.1',
        '    compression type: zlib',
        '    lazy refcounts: false',
        '    refcount bits: 16',
        '    corrupt: true',
        '    extended l2: false',
        '',
      ].join('\n'),
    )
  })

  it("keeps QEMU's order of keys", () => {
    expect(Object.keys(infoObject(DISK))).toEqual([
      'snapshots',
      'backing-filename-format',
      'virtual-size',
      'filename',
      'cluster-size',
      'format',
      'actual-size',
      'format-specific',
      'full-backing-filename',
      'encrypted',
      'backing-filename',
      'dirty-flag',
    ])
    expect(infoObject(DISK)['snapshots']).toEqual([expect.not.objectContaining({ icount: expect.anything() as unknown })])
  })

  it('prints JSON in ASCII, four spaces deep', () => {
    expect(json({ a: ['ü\n"\u007f'] })).toBe('{\n    "a": [\n        "\\u00FC\\n\\"\\u007F"\n    ]\n}\n')
  })
})

describe('check', () => {
  it('tells what was mended, or would be, before the verdict', () => {
    const mended = { ...CLEAN, leaksFixed: 3, corruptionsFixed: 1 }
    expect(repairText(mended, false)).toBe(
      'The following inconsistencies were found and repaired:\n\n    3 leaked clusters\n    1 corruptions\n\nDouble checking the fixed image now...\n',
    )
    expect(repairText(mended, true)).toContain('would be repaired')
    expect(repairText({ ...CLEAN, leaksFixed: 0, corruptionsFixed: 0 }, false)).toBe('')
    expect(checkObject(mended)).toMatchObject({ 'leaks-fixed': 3, 'corruptions-fixed': 1 })
    expect(checkObject(CLEAN)).not.toHaveProperty('leaks-fixed')
  })

  it.each([
    [{}, 0, 'No errors were found on the image.\n'],
    [{ leaks: 2 }, 3, '\n2 leaked clusters were found on the image.\n'],
    [{ leaks: 2, corruptions: 1 }, 2, '\n1 errors were found on the image.\n'],
    [{ leaks: 2, corruptions: 1, checkErrors: 4 }, 1, '\n4 internal errors have occurred during the check.\n'],
  ])('%j ends with %d', (counts, exit, words) => {
    const report = { ...CLEAN, ...counts }
    expect(checkExit(report)).toBe(exit)
    expect(checkText(report)).toContain(words)
  })

  it('prints statistics, but not of nothing', () => {
    expect(checkText(CLEAN)).toContain('2/3 = 66.67% allocated, 50.00% fragmented, 0.00% compressed clusters\nImage end offset: 458752\n')
    expect(checkText({ ...CLEAN, allocatedClusters: 0 })).not.toContain('allocated')
    const nothing = { totalClusters: 0, allocatedClusters: 0, fragmentedClusters: 0, imageEndOffset: 0 }
    expect(checkObject({ ...CLEAN, ...nothing })).toEqual({ 'check-errors': 0, filename: 'x.qcow2', format: 'qcow2' })
  })
})

describe('progress', () => {
  it('is a line that ends without a new one until the work is done', () => {
    expect(progressLine({ done: 1, total: 3 })).toBe('    (33.33/100%)\r')
    expect(progressLine({ done: 0, total: 0 })).toBe('    (100.00/100%)\r')
    expect(PROGRESS_END).toBe('    (100.00/100%)\r\n')
  })
})
