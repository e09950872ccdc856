// Runs in the page, before the preload script: what a sandboxed preload may require of electron, with IPC over a web socket.

/** @typedef {(event: object, ...args: unknown[]) => void} IpcListener */

const socket = new WebSocket(`ws://${location.host}/__shim/ipc`)
/** @type {Map<string, IpcListener[]>} */
const listeners = new Map()
/** @type {string[]} */
const unsent = []

socket.addEventListener('open', () => {
  for (const message of unsent.splice(0)) socket.send(message)
})
socket.addEventListener('message', ({ data }) => {
  /** @type {{ channel: string, args: unknown[] }} */
  const { channel, args } = JSON.parse(String(data))
  for (const listener of listeners.get(channel) ?? []) listener({}, ...args)
})

const electron = {
  ipcRenderer: {
    /** @type {(channel: string, ...args: unknown[]) => void} */
    send(channel, ...args) {
      const message = JSON.stringify(structuredClone({ channel, args }))
      if (socket.readyState === WebSocket.OPEN) socket.send(message)
      else unsent.push(message)
    },
    /** @type {(channel: string, listener: IpcListener) => void} */
    on(channel, listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
    },
  },
  contextBridge: {
    /** @type {(name: string, api: object) => void} */
    exposeInMainWorld(name, api) {
      Object.defineProperty(window, name, { value: Object.freeze({ ...api }) })
    },
  },
  webUtils: {
    /** Where a dropped file lies: as the test has said. @type {(file: File) => string} */
    getPathForFile(file) {
      if (!(file instanceof File)) throw new TypeError('Not a File')
      const request = new XMLHttpRequest()
      request.open('GET', `/__shim/path?name=${encodeURIComponent(file.name)}`, false)
      request.send()
      return request.responseText
    },
  },
}

/** The preload script's only way out.
 * @type {(name: string) => object} */
export function standInRequire(name) {
  if (name !== 'electron') throw new Error(`A sandboxed preload script may not require ${name}`)
  return electron
}
