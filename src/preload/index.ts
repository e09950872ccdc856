import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { DROPPED_CHANNEL, MESSAGE_CHANNEL, type Bridge } from '../shared/bridge.ts'

const bridge: Bridge = {
  send: (message) => ipcRenderer.send(MESSAGE_CHANNEL, message),
  onMessage: (listener) => void ipcRenderer.on(MESSAGE_CHANNEL, (_event, message: unknown) => listener(message)),
  pathForFile(file) {
    // Only the browser's own core can tie a path to a File; the page sees the result and has no way to send one of its own.
    const path = webUtils.getPathForFile(file)
    if (path !== '') ipcRenderer.send(DROPPED_CHANNEL, path)
    return path
  },
}

contextBridge.exposeInMainWorld('strata', bridge)
