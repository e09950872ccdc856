import type { CheckReport } from '../../src/shared/model.ts'

/** A check's report of a sound image with clusters of 64 KiB, but for what is said. */
export function report(but: Partial<CheckReport> = {}): CheckReport {
  return {
    path: '/a.qcow2',
    format: 'qcow2',
    corruptions: 0,
    leaks: 0,
    checkErrors: 0,
    findings: [],
    totalClusters: 16384,
    allocatedClusters: 1200,
    fragmentedClusters: 0,
    compressedClusters: 0,
    imageEndOffset: 65536,
    clusterSize: 65536,
    ...but,
  }
}
