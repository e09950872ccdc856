import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { expect, type StrataHost } from './host.ts'

/** What a drop on the window's cover would do. */
type DropTarget = 'look' | 'convert' | 'overlay'

/** Drags a file from the system over the window and drops it on a target, as the desktop does it. */
export function dropFile(win: Page, strata: StrataHost, path: string, target: DropTarget): Promise<void> {
  return dropFiles(win, strata, [path], target)
}

/** The same with several at once. */
export async function dropFiles(win: Page, strata: StrataHost, paths: readonly string[], target: DropTarget): Promise<void> {
  const { drop } = await dragFiles(win, strata, paths)
  await drop(target)
}

/** Drags files over the window; they hang there until they are dropped. */
export async function dragFiles(
  win: Page,
  strata: StrataHost,
  paths: readonly string[],
): Promise<{ drop: (target: DropTarget) => Promise<void> }> {
  for (const path of paths) await strata.announceDrop(path)
  const session = await win.context().newCDPSession(win)
  const data = { items: [], files: [...paths], dragOperationsMask: 1 }
  const drag = (type: 'dragEnter' | 'dragOver' | 'drop', x: number, y: number): Promise<unknown> =>
    session.send('Input.dispatchDragEvent', { type, x, y, data })
  await drag('dragEnter', 400, 300)
  await drag('dragOver', 400, 300)
  return {
    async drop(target) {
      const box = await win.locator(`[data-drop=${target}]`).boundingBox()
      if (!box) throw new Error(`no drop target "${target}"`)
      const x = box.x + box.width / 2
      const y = box.y + box.height / 2
      await drag('dragOver', x, y)
      await expect(win.locator(`[data-drop=${target}]`)).toHaveClass(/aimed/)
      await drag('drop', x, y)
      await session.detach()
    },
  }
}

/** Tells the page of a drag that comes in, or goes again (as by Escape, or out of the window), which the browser's own tools can't cancel. */
export async function hang(win: Page, type: 'dragenter' | 'dragleave'): Promise<void> {
  await win.evaluate((name) => {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File([], 'disk.raw'))
    document.elementFromPoint(400, 300)?.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer }))
  }, type)
}

/** The row of a disk in the side list. */
export function row(win: Page, name: string): Locator {
  return win.getByRole('treeitem', { name: new RegExp(`^${name.replaceAll('.', '\\.')}`) })
}

/** Puts an image into the library by dropping it, and waits until its page is there. */
export async function lookInside(win: Page, strata: StrataHost, name: string): Promise<void> {
  await dropFile(win, strata, join(strata.folder, name), 'look')
  await expect(win.getByRole('heading', { level: 1, name })).toBeVisible()
  await expect(row(win, name)).toBeVisible()
}

/** Chooses an item of a select. */
export async function choose(win: Page, label: string, option: string): Promise<void> {
  await win
    .getByRole('button', { name: label, exact: true })
    .or(win.getByLabel(label, { exact: true }))
    .first()
    .click()
  await win.getByRole('option', { name: option }).click()
}

/** Says where the disk of the create sheet goes: in a browser by typing, in the desktop with the save dialog. */
export async function placeDisk(sheet: Locator, strata: StrataHost, name: string): Promise<void> {
  if (strata.kind === 'serve') {
    await sheet.getByLabel('Name', { exact: true }).fill(name)
    await sheet.getByLabel('Folder').fill(strata.folder)
    return
  }
  await strata.answerSave(join(strata.folder, name))
  await sheet.getByRole('button', { name: 'Choose…' }).click()
  await expect(sheet.getByLabel('Folder')).toHaveValue(strata.folder)
}

/** The jobs tray at the foot. */
export function tray(win: Page): Locator {
  return win.getByRole('region', { name: 'Jobs' })
}

/** Reads a progress bar until its job has ended; answers each value that was seen, in order. */
export async function watchBar(win: Page): Promise<number[]> {
  const seen: number[] = []
  const bar = tray(win).getByRole('progressbar')
  await expect(bar).toBeVisible()
  for (;;) {
    const value = await bar.getAttribute('aria-valuenow', { timeout: 500 }).catch(() => undefined)
    if (value === undefined) return seen
    if (value !== null && Number(value) !== seen.at(-1)) seen.push(Number(value))
  }
}
