import { expect, it } from 'vitest'
import type { CheckReport } from '../../src/shared/model.ts'
import { verdictOf } from '../../src/renderer/src/lib/verdict.ts'
import { words } from '../../src/renderer/src/words/en.ts'

const sound: CheckReport = {
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
}

it('says that a sound disk is fine', () => {
  expect(words.check.headline(verdictOf(sound))).toBe('This disk is fine.')
  expect(words.check.report(sound)).toEqual(['Every table agrees with every other, and all 1,200 clusters in use are accounted for.'])
})

it('counts lost clusters in words and bytes, and says that nothing is lost', () => {
  expect(words.check.report({ ...sound, leaks: 3 })).toEqual([
    '3 clusters are marked used but nothing uses them (192 KiB). Nothing is lost.',
  ])
  expect(words.check.report({ ...sound, leaks: 1 })).toEqual(['1 cluster is marked used but nothing uses it (64 KiB). Nothing is lost.'])
})

it('puts damage first', () => {
  const report = { ...sound, leaks: 3, corruptions: 1 }
  expect(verdictOf(report)).toBe('corrupt')
  expect(words.check.report(report)[0]).toContain('1 place in the image contradicts another')
  expect(words.check.report(report)).toHaveLength(3)
})

it('takes what could not be read for damage', () => expect(verdictOf({ ...sound, checkErrors: 1 })).toBe('corrupt'))
