import { join } from 'node:path'
import { app, BrowserWindow, dialog } from 'electron'
import { dataFolder } from '../host/data-folder.ts'
import { Grants } from '../host/grants.ts'
import { WindowHost } from '../host/window-host.ts'
import { currentWindow, desktop, showOpen } from './desktop.ts'
import { filesAmong, isFirst } from './hand-over.ts'
import { onDropped, windowChannel } from './ipc.ts'
import { setMenu } from './menu.ts'
import { loadPage } from './page.ts'
import { followJobs } from './task-progress.ts'
import { guardContents, openWindow } from './window.ts'
import { WindowState } from './window-state.ts'

app.enableSandbox()
const folder = dataFolder()
// Chromium's own files lie below Strata's, so that one data folder is one Strata: its lock is there as well.
app.setPath('userData', join(folder, 'chromium'))

let host: WindowHost | undefined

const files = filesAmong(process.argv, app.isPackaged)
if (isFirst(files, receive)) start()
else app.quit()

function start(): void {
  const own = (host = new WindowHost({ folder, grants: new Grants(), shell: desktop() }))
  own.open(files)
  app.on('open-file', (event, path) => {
    event.preventDefault()
    receive([path])
  })
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) show(own)
  })
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  leaveTidily(own)
  followJobs(
    () => own.jobs(),
    (listener) => own.onJob(listener),
  )
  void app.whenReady().then(() => {
    guardContents()
    setMenu({ open: () => void openByDialog(own), command: (name) => own.command(name) })
    show(own)
  })
}

function show(host: WindowHost): void {
  const window = openWindow(new WindowState(folder))
  host.connect(windowChannel(window))
  onDropped(window, (path) => host.grantDropped(path))
  void loadPage(window)
}

/** Files that another process or the system handed over. */
function receive(paths: string[]): void {
  host?.open(paths)
  const window = currentWindow()
  if (window?.isMinimized()) window.restore()
  window?.focus()
}

async function openByDialog(host: WindowHost): Promise<void> {
  host.open(await showOpen({ properties: ['openFile'] }))
}

/** Before the app ends, its jobs are cancelled and what they had staged is removed; while there are such, the person is asked. */
function leaveTidily(host: WindowHost): void {
  let asking = false
  let ready = false
  const leave = async () => {
    if (asking) return
    asking = true
    if (!host.busy || (await wantsToLeave())) {
      await host.close()
      ready = true
      app.quit()
    }
    asking = false
  }
  app.on('before-quit', (event) => {
    if (ready) return
    event.preventDefault()
    void leave()
  })
  app.on('browser-window-created', (_event, window) => {
    window.on('close', (event) => {
      if (ready || !host.busy || process.platform === 'darwin') return
      event.preventDefault()
      app.quit()
    })
  })
}

async function wantsToLeave(): Promise<boolean> {
  const question = {
    type: 'warning' as const,
    message: 'Jobs are still running',
    detail: 'Leaving cancels them. What they have made so far is removed; the images they read stay as they are.',
    buttons: ['Keep running', 'Cancel jobs and leave'],
    defaultId: 0,
    cancelId: 0,
  }
  const window = currentWindow()
  const { response } = await (window ? dialog.showMessageBox(window, question) : dialog.showMessageBox(question))
  return response === 1
}
