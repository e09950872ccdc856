import { homedir } from 'node:os'
import { sep } from 'node:path'
import { app, BrowserWindow, dialog, Notification, shell, type OpenDialogOptions, type SaveDialogOptions } from 'electron'
import type { Shell } from '../host/shell.ts'

/** What the desktop can do for a window: native dialogs, and the system's file manager. */
export function desktop(): Shell {
  return {
    facts: { kind: 'desktop', platform: process.platform, version: app.getVersion(), home: homedir(), separator: sep },

    async openDialog({ title, filters, several }) {
      const options: OpenDialogOptions = { title, filters, properties: several ? ['openFile', 'multiSelections'] : ['openFile'] }
      const window = currentWindow()
      const { canceled, filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
      return canceled ? [] : filePaths
    },

    async saveDialog({ title, suggestion, filters }) {
      const options: SaveDialogOptions = {
        title,
        filters,
        properties: ['createDirectory', 'showOverwriteConfirmation'],
        ...(suggestion !== '' && { defaultPath: suggestion }),
      }
      const window = currentWindow()
      const { canceled, filePath } = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options))
      return canceled || filePath === '' ? null : filePath
    },

    moveToBin: (path) => shell.trashItem(path),

    notify({ title, body }) {
      if (!Notification.isSupported() || BrowserWindow.getFocusedWindow()) return
      const notification = new Notification({ title, body })
      notification.on('click', () => currentWindow()?.show())
      notification.show()
    },

    showInFolder({ path }) {
      shell.showItemInFolder(path)
    },
  }
}

/** The window that a dialog belongs to. */
export function currentWindow(): Electron.BrowserWindow | undefined {
  return BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]
}
