// node --import ./tests/electron-shim/register.mjs out/main/index.js: runs the built desktop with this folder in Electron's place.
// The first line on stdout is the address of the window's page.
import { registerHooks } from 'node:module'

const standIn = new URL('./electron.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) => (specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context)),
})
