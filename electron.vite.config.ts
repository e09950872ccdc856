import { resolve } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'
import { licencesPlugin } from './scripts/licences.mjs'

const here = import.meta.dirname

// Everything that is JavaScript is bundled: the packed app then holds one small folder instead of a tree of packages, starts with
// fewer file reads, and can't break over a package that the packer left out. Only what can't be bundled stays outside: Electron
// itself, and koffi, whose native part must lie in the file system (it is an optional dependency, so the packer takes it along).
// bufferutil and utf-8-validate are speed-ups that ws asks for in a try block and does without.
const external = ['electron', 'koffi', 'bufferutil', 'utf-8-validate', /^node:/, /^@koromix\//]

export default defineConfig({
  main: {
    build: {
      target: 'node24',
      externalizeDeps: false,
      rolldownOptions: {
        // One build for all five: the window's process, the browser's server, the terminal and the worker threads share their chunks.
        input: {
          index: resolve(here, 'src/main/index.ts'),
          server: resolve(here, 'src/server/index.ts'),
          cli: resolve(here, 'src/cli/index.ts'),
          'job-worker': resolve(here, 'src/host/job-worker.ts'),
          'query-worker': resolve(here, 'src/host/query-worker.ts'),
        },
        external,
        // Flat, because the host finds a worker beside the chunk that starts it, whichever chunk that code came to lie in.
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: resolve(here, 'src/preload/index.ts') },
        external: ['electron'],
        // A sandboxed preload is a CommonJS script that may require nothing but electron, so it must be a single file.
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  },
  renderer: {
    root: resolve(here, 'src/renderer'),
    plugins: [licencesPlugin(here), svelte({ configFile: resolve(here, 'svelte.config.js') })],
    build: {
      minify: true,
      rolldownOptions: {
        input: { index: resolve(here, 'src/renderer/index.html') },
        // Compiling components is what takes the time, and no news.
        checks: { bundlerTimings: false },
      },
    },
  },
})
