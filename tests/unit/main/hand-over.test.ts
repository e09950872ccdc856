import { resolve } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { filesAmong } from '../../../src/main/hand-over.ts'
import { menuTemplate } from '../../../src/main/menu.ts'

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

describe('the menu bar', () => {
  it('has what each system expects, and developer tools for developers alone', () => {
    const roles = (platform: NodeJS.Platform, developing: boolean) => JSON.stringify(menuTemplate(platform, developing, () => undefined))
    expect(roles('darwin', false)).toContain('"appMenu"')
    expect(roles('linux', false)).toContain('"quit"')
    expect(roles('linux', false)).not.toMatch(/toggleDevTools|reload/)
    expect(roles('linux', true)).toContain('"toggleDevTools"')
    for (const platform of ['linux', 'win32', 'darwin'] as const) expect(roles(platform, false)).toContain('"editMenu"')
  })
})
