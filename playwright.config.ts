import { existsSync } from 'node:fs'
import { chromium, defineConfig } from '@playwright/test'
import { electronBinary, systemChromium } from './scripts/binaries.mjs'

/** The worker option of tests/e2e/host.ts: which shell shows the window. */
interface HostOption {
  host: 'serve' | 'shim' | 'electron'
}

const browser = existsSync(chromium.executablePath()) ? undefined : systemChromium()

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
    // Recording costs about as much as the tests themselves, so only who looks for a fault asks for it: TRACE=1 npm run e2e.
    trace: process.env['TRACE'] ? 'retain-on-failure' : 'off',
    // Without Playwright's own browser, the system's.
    launchOptions: browser === undefined ? {} : { executablePath: browser },
  },
  projects: [
    { name: 'serve', use: { host: 'serve' } },
    { name: 'shim', use: { host: 'shim' } },
    ...(electronBinary() !== undefined ? [{ name: 'electron', use: { host: 'electron' as const } }] : []),
  ],
})
