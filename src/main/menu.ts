import { app, Menu, type MenuItemConstructorOptions } from 'electron'
import type { CommandName } from '../shared/commands.ts'

/** What the menu has done: images opened by the system's own dialog, everything else by the window. */
export interface MenuActs {
  open: () => void
  command: (name: CommandName) => void
}

/** The menu bar. */
export function setMenu(acts: MenuActs): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, !app.isPackaged, acts)))
}

/** The menu bar as data, as the platform has it; `developing` adds what only a developer needs. */
export function menuTemplate(platform: NodeJS.Platform, developing: boolean, { open, command }: MenuActs): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin'
  const item = (label: string, name: CommandName, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    ...(accelerator !== undefined && { accelerator }),
    click: () => command(name),
  })
  const separator = { type: 'separator' } as const
  const settings = item('Settings…', 'settings', 'CmdOrCtrl+,')
  const about = item('About Strata', 'about')
  return [
    ...(mac
      ? [
          {
            label: app.name,
            submenu: [about, separator, settings, separator, { role: 'hide' }, { role: 'hideOthers' }, separator, { role: 'quit' }],
          } satisfies MenuItemConstructorOptions,
        ]
      : []),
    {
      label: '&File',
      submenu: [
        item('New Disk…', 'newDisk', 'CmdOrCtrl+N'),
        { label: 'Open Image…', accelerator: 'CmdOrCtrl+O', click: open },
        ...(mac ? [{ role: 'recentDocuments', submenu: [{ role: 'clearRecentDocuments' }] } satisfies MenuItemConstructorOptions] : []),
        separator,
        item('Convert…', 'convert', 'CmdOrCtrl+E'),
        item('Take Snapshot…', 'snapshot', 'CmdOrCtrl+S'),
        separator,
        ...(mac ? [{ role: 'close' } as const] : [settings, separator, { role: 'quit' } as const]),
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        item('Find a Disk or an Action…', 'palette', 'CmdOrCtrl+K'),
        item('Filter the Library', 'search', 'CmdOrCtrl+F'),
        separator,
        ...(developing ? ([{ role: 'reload' }, { role: 'toggleDevTools' }, separator] as const) : []),
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        separator,
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
    { role: 'help', submenu: [item('Keyboard Shortcuts', 'shortcuts'), ...(mac ? [] : [separator, about])] },
  ]
}
