import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../../fixtures/scratch.ts'

const root = join(import.meta.dirname, '../../..')
const entry = join(root, 'src/server/index.ts')
const windowIsBuilt = existsSync(join(root, 'out/renderer/index.html'))

function serve(...args: string[]) {
  return spawnSync(process.execPath, [entry, ...args], { encoding: 'utf8' })
}

describe('strata serve', () => {
  it('explains itself', () => {
    const { status, stdout } = serve('--help')
    expect(status).toBe(0)
    expect(stdout).toContain('--root DIR')
  })

  it.each([
    [['--root', '/no/such/folder'], 'no folder /no/such/folder'],
    [['--port', '70000'], '"70000" is not a port'],
    [['--port', 'http'], '"http" is not a port'],
    [['--prot', '80'], '--prot'],
  ])('refuses %j in one line', (args, words) => {
    const { status, stdout, stderr } = serve(...args)
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^strata serve: [^\n]*\n$/)
    expect(stderr).toContain(words)
  })

  it.skipIf(!windowIsBuilt)(
    `prints its address and ends when told so${windowIsBuilt ? '' : ' (skipped: the window is not built)'}`,
    async () => {
      const folder = scratchFolder()
      const server = spawn(process.execPath, [entry, '--root', folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, STRATA_DATA: join(folder, 'data') },
      })
      const [address] = (await once(createInterface(server.stdout), 'line')) as [string]
      expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/)
      expect(await (await fetch(address)).text()).toContain('<title>Strata</title>')
      server.kill('SIGTERM')
      expect(await once(server, 'exit')).toEqual([0, null])
      await expect(fetch(address)).rejects.toThrow()
    },
  )
})
