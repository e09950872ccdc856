import { resolve } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { filesAmong } from '../../../src/main/hand-over.ts'

vi.mock('electron', () => ({ app: {}, Menu: {} }))

describe('the files on the command line', () => {
  it.each([
    [['strata'], true, []],
    [['strata', '/a.qcow2', 'b.qcow2'], true, ['/a.qcow2', resolve('b.qcow2')]],
    [['strata', '--no-sandbox', '/a.qcow2', '--type=x'], true, ['/a.qcow2']],
    [['electron', '/work/strata', '/a.qcow2'], false, ['/a.qcow2']],
    [['electron', '--no-sandbox', '/work/strata'], false, []],
  ])('of %j (packed: %s) are %j', (argv, packed, files) => {
    expect(filesAmong(argv, packed)).toEqual(files)
  })
})
