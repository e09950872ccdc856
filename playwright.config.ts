import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { chromium, defineConfig } from '@playwright/test'

/** The worker option of tests/e2e/host.ts: which shell shows the window. */
interface HostOption {
  host: 'serve' | 'shim' | 'electron'
}

const ownBrowser = existsSync(chromium.executablePath())

/** Where Electron's binary is, or would be; asking the package itself would start a download. */
const electronFolder =
  process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(dirname(createRequire(import.meta.url).resolve('electron/package.json')), 'dist')
const electronBinary = { linux: 'electron', win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }[
  process.platform as string
]
const hasElectron = electronBinary !== undefined && existsSync(join(electronFolder, electronBinary))

export default defineConfig<object, HostOption>({
  testDir: 'tests/e2e',
  testMatch: '**/*.test.ts',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  workers: 2,
  forbidOnly: Boolean(process.env['CI']),
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    // Without Playwright's own browser, the system's.
    launchOptions: ownBrowser ? {} : { executablePath: '/usr/bin/chromium' },
  },
  projects: [
    { name: 'serve', use: { host: 'serve' } },
    { name: 'shim', use: { host: 'shim' } },
    ...(hasElectron ? [{ name: 'electron', use: { host: 'electron' as const } }] : []),
  ],
})
