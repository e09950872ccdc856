import type { MenuItemConstructorOptions } from 'electron'
import { describe, expect, it, vi } from 'vitest'
import { COMMANDS } from '../../../src/shared/commands.ts'
import { fakeElectron } from './fake-electron.ts'

vi.mock('electron', () => fakeElectron())

const { menuTemplate } = await import('../../../src/main/menu.ts')

function items(platform: NodeJS.Platform, done: string[]): MenuItemConstructorOptions[] {
  const acts = { open: () => void done.push('dialog'), command: (name: string) => void done.push(name) }
  return menuTemplate(platform, false, acts).flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
}

describe('the menu bar', () => {
  it.each(['linux', 'win32', 'darwin'] as const)(
    'has each command of the window once on %s, and opens by the system dialog',
    (platform) => {
      const done: string[] = []
      // Strata's items take none of the arguments that Electron hands over.
      for (const { click } of items(platform, done)) (click as (() => void) | undefined)?.()
      // The edit menu's own Undo serves text; the library's is a key of the page.
      const wanted = COMMANDS.filter((name) => name !== 'open' && name !== 'undo')
      expect(done.toSorted()).toEqual([...wanted, 'dialog'].toSorted())
    },
  )

  it('gives no key to two items', () => {
    const keys = items('linux', []).flatMap(({ accelerator }) => accelerator ?? [])
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('has what each system expects, and developer tools for developers alone', () => {
    const acts = { open: () => undefined, command: () => undefined }
    const roles = (platform: NodeJS.Platform, developing: boolean) => JSON.stringify(menuTemplate(platform, developing, acts))
    expect(roles('linux', false)).not.toMatch(/toggleDevTools|reload/)
    expect(roles('linux', true)).toContain('"toggleDevTools"')
    for (const platform of ['linux', 'win32', 'darwin'] as const) expect(roles(platform, false)).toMatch(/"editMenu".*"windowMenu"/)
    for (const platform of ['linux', 'win32', 'darwin'] as const) expect(roles(platform, false)).toContain('"quit"')
  })

  it('keeps what belongs to the program where a Mac has it', () => {
    const [first] = menuTemplate('darwin', false, { open: () => undefined, command: () => undefined })
    expect((first?.submenu as MenuItemConstructorOptions[]).map(({ label, role }) => label ?? role)).toEqual(
      expect.arrayContaining(['About Strata', 'Settings…', 'quit']),
    )
  })
})
