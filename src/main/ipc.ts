import type { BrowserWindow, IpcMainEvent } from 'electron'
import { DROPPED_CHANNEL, MESSAGE_CHANNEL } from '../shared/bridge.ts'
import type { Channel } from '../shared/rpc/protocol.ts'
import { isOwnPage } from './page.ts'

/** The messages of one window. What comes from another frame or page than Strata's own is not heard. */
export function windowChannel(window: BrowserWindow): Channel {
  const { webContents } = window
  return {
    send(data) {
      if (!webContents.isDestroyed()) webContents.send(MESSAGE_CHANNEL, data)
    },
    onMessage: (listener) =>
      void webContents.ipc.on(MESSAGE_CHANNEL, (event, data: unknown) => {
        if (isOwnFrame(window, event)) listener(data)
      }),
    onClose: (listener) => void window.once('closed', listener),
  }
}

/** Calls back with the path of each file that was dropped on the window, as its preload script tells it. */
export function onDropped(window: BrowserWindow, listener: (path: string) => void): void {
  window.webContents.ipc.on(DROPPED_CHANNEL, (event, path: unknown) => {
    if (isOwnFrame(window, event) && typeof path === 'string') listener(path)
  })
}

function isOwnFrame({ webContents }: BrowserWindow, { senderFrame }: IpcMainEvent): boolean {
  return senderFrame !== null && senderFrame === webContents.mainFrame && isOwnPage(senderFrame.url)
}
