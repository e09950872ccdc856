// Draws resources/icon.svg in the sizes that systems ask for. The results are committed; run it after a change of the drawing:
// npm run icons
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { systemChromium } from './binaries.mjs'
import { root } from './node24.mjs'

const SIZES = [16, 32, 48, 64, 128, 256, 512]
const LARGE = 1024

const resources = join(root, 'resources')
const drawing = readFileSync(join(resources, 'icon.svg'), 'utf8')
const executablePath = systemChromium()
const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath })
const page = await browser.newPage()

mkdirSync(join(resources, 'icons'), { recursive: true })
// electron-builder makes the .icns and the .ico from the large one, and takes the folder for Linux.
writeFileSync(join(resources, 'icon.png'), await draw(LARGE))
for (const size of SIZES) writeFileSync(join(resources, 'icons', `${size}x${size}.png`), await draw(size))
await browser.close()

/** @param {number} size pixels */
async function draw(size) {
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(`<style>body { margin: 0 } svg { display: block; width: ${size}px; height: ${size}px }</style>${drawing}`)
  return page.screenshot({ omitBackground: true })
}
