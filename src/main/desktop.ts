import { homedir } from 'node:os'
import { basename, sep } from 'node:path'
import { app, BrowserWindow, dialog, Notification, shell, type OpenDialogOptions, type SaveDialogOptions } from 'electron'
import type { Shell } from '../host/shell.ts'
import { dragOut } from './drag-out.ts'

/** What the desktop can do for a window: native dialogs, and the system's file manager. */
export function desktop(): Shell {
  return {
    facts: { kind: 'desktop', platform: process.platform, version: app.getVersion(), home: homedir(), separator: sep },

    openDialog({ title, filters, several }) {
      const options: OpenDialogOptions = { title, filters, properties: several ? ['openFile', 'multiSelections'] : ['openFile'] }
      return showOpen(options)
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

    async folderDialog(title) {
      const [path] = await showOpen({ title, properties: ['openDirectory'] })
      return path
    },

    async askGrant(path) {
      const question = {
        type: 'question' as const,
        message: `May Strata read and change ${shownPath(basename(path))}?`,
        detail: `${shownPath(path)}\n\nA disk that you opened names this file. It is yours to say whether Strata may change it too.`,
        buttons: ['No', 'Allow'],
        defaultId: 0,
        cancelId: 0,
      }
      const window = currentWindow()
      const { response } = await (window ? dialog.showMessageBox(window, question) : dialog.showMessageBox(question))
      return response === 1
    },

    remember(paths) {
      for (const path of paths) app.addRecentDocument(path)
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

    async dragOut({ path }) {
      const window = currentWindow()
      if (window) await dragOut(window.webContents, path)
    },
  }
}

/** The system's open dialog over the window that is used; answers no paths where the person cancels. */
export async function showOpen(options: OpenDialogOptions): Promise<string[]> {
  const window = currentWindow()
  const { canceled, filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
  return canceled ? [] : filePaths
}

/** A path as a native box shows it: no character in it can hide, reorder or break the line. */
function shownPath(path: string): string {
  return path.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')
}

/** The window that a dialog belongs to. */
export function currentWindow(): Electron.BrowserWindow | undefined {
  return BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]
}
