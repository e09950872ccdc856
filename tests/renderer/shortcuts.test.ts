import { expect, test } from 'vitest'
import { SHORTCUTS, shortcutOf, shortcutText } from '../../src/renderer/src/lib/shortcuts.ts'

test('a key stands for one action, in either case', () => {
  expect(shortcutOf('k')).toBe('palette')
  expect(shortcutOf('N')).toBe('newDisk')
  expect(shortcutOf('q')).toBeUndefined()
  expect(new Set(Object.values(SHORTCUTS)).size).toBe(Object.keys(SHORTCUTS).length)
})

test('a shortcut reads as the keyboard of its platform', () => {
  expect(shortcutText('open', 'linux')).toBe('Ctrl O')
  expect(shortcutText('open', 'win32')).toBe('Ctrl O')
  expect(shortcutText('open', 'darwin')).toBe('⌘O')
})
