import { describe, expect, it } from 'vitest'
import { DropTarget } from '../../src/renderer/src/state/drop-target.svelte.ts'
import { Navigation } from '../../src/renderer/src/state/navigation.svelte.ts'

/** A drop of one file on `Look inside`, whose place the host tells once `tell` is called. */
function drop(): { navigation: Navigation; tell: () => void; done: Promise<void> } {
  const navigation = new Navigation()
  const told = Promise.withResolvers<{ paths: string[]; more: boolean }>()
  const never = () => Promise.reject(new Error('not asked for'))
  const target = new DropTarget(
    { pathForFile: () => '/vms/a.qcow2', client: { imagesIn: () => told.promise, findDropped: never } },
    { pickFile: never, pickFolder: never },
    { add: () => Promise.resolve() },
    navigation,
  )
  const item = { getAsFile: () => ({ name: 'a.qcow2' }), webkitGetAsEntry: () => null }
  const event = { dataTransfer: { types: ['Files'], items: [item] }, preventDefault: () => undefined }
  navigation.openSheet({ is: 'settings' })
  const done = target.drop(event as unknown as DragEvent)
  return { navigation, tell: () => told.resolve({ paths: ['/vms/a.qcow2'], more: false }), done }
}

describe('a disk that was dropped to look inside', () => {
  it('is shown, and the sheet that it was dropped on goes', async () => {
    const { navigation, tell, done } = drop()
    tell()
    await done
    expect(navigation.shown).toBe('/vms/a.qcow2')
    expect(navigation.sheet).toBeUndefined()
  })

  it('leaves alone a sheet that was opened while its place was still looked for', async () => {
    const { navigation, tell, done } = drop()
    navigation.openSheet({ is: 'about' })
    tell()
    await done
    expect(navigation.shown).toBe('/vms/a.qcow2')
    expect(navigation.sheet).toEqual({ is: 'about' })
  })
})
