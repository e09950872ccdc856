import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

// Sizes and dates are written as the machine's people write them; the tests expect them as in English. Where a locale is not there, shells complain.
process.env['LC_ALL'] = 'C.UTF-8'
// Each job's thread and each program that a test starts loads the engine anew, from its source: what was compiled once is kept.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/node', import.meta.url))

export default defineConfig({
  // The svelte plugin compiles the runes of the renderer's `*.svelte.ts` state classes.
  plugins: [svelte()],
  // In a test a Svelte module is the one that a browser gets, not the server's.
  resolve: { conditions: ['browser'] },
  test: {
    environment: 'node',
    pool: 'forks',
    // By itself Vitest leaves one core free: on a machine of two that is half of it.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/**/*.test.ts'], exclude: ['tests/e2e/**', 'tests/pack/**'] } },
      // Needs a build in out/ and takes a while, so `npm run check` leaves it out.
      { extends: true, test: { name: 'pack', include: ['tests/pack/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 180_000 } },
    ],
  },
})
