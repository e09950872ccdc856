import { describe, expect, it, vi } from 'vitest'
import { DROPPED_CHANNEL, MESSAGE_CHANNEL, type Bridge } from '../../../src/shared/bridge.ts'

const { exposed, sent, heard, electron } = vi.hoisted(() => {
  const exposed: Record<string, unknown> = {}
  const sent: unknown[][] = []
  const heard: { channel: string; listener: (event: unknown, message: unknown) => void }[] = []
  return {
    exposed,
    sent,
    heard,
    electron: {
      contextBridge: { exposeInMainWorld: (name: string, api: unknown) => void (exposed[name] = api) },
      ipcRenderer: {
        send: (...args: unknown[]) => void sent.push(args),
        on: (channel: string, listener: (event: unknown, message: unknown) => void) => void heard.push({ channel, listener }),
      },
      webUtils: { getPathForFile: (file: { name: string }) => (file.name === 'real.raw' ? '/disks/real.raw' : '') },
    },
  }
})
vi.mock('electron', () => electron)
await import('../../../src/preload/index.ts')
const bridge = exposed['strata'] as Bridge

describe('what the page gets of the desktop', () => {
  it('is one object with three functions', () => {
    expect(Object.keys(exposed)).toEqual(['strata'])
    expect(Object.keys(bridge).sort()).toEqual(['onMessage', 'pathForFile', 'send'])
  })

  it('sends and hears messages on one channel, without the event that came with them', () => {
    bridge.send({ id: 1 })
    expect(sent.splice(0)).toEqual([[MESSAGE_CHANNEL, { id: 1 }]])
    const messages: unknown[][] = []
    bridge.onMessage((...args) => messages.push(args))
    expect(heard.map(({ channel }) => channel)).toEqual([MESSAGE_CHANNEL])
    heard[0]!.listener({ sender: 'ipc' }, { id: 1, ok: null })
    expect(messages).toEqual([[{ id: 1, ok: null }]])
  })

  it('tells the host of a real file, and of no other', () => {
    expect(bridge.pathForFile(new File([], 'real.raw'))).toBe('/disks/real.raw')
    expect(sent.splice(0)).toEqual([[DROPPED_CHANNEL, '/disks/real.raw']])
    expect(bridge.pathForFile(new File([], 'made-by-a-script.raw'))).toBe('')
    expect(sent).toEqual([])
  })
})
