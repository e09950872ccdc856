import { describe, expect, it } from 'vitest'
import { dataFolder } from '../../../src/host/data-folder.ts'

describe('the data folder', () => {
  it.each([
    [{ STRATA_DATA: '/own', XDG_DATA_HOME: '/xdg' }, 'linux', '/own'],
    [{ XDG_DATA_HOME: '/xdg' }, 'linux', '/xdg/strata'],
    [{ XDG_DATA_HOME: '', STRATA_DATA: '' }, 'linux', '/home/ada/.local/share/strata'],
    [{}, 'darwin', '/home/ada/Library/Application Support/Strata'],
    [{ APPDATA: '/home/ada/Roaming' }, 'win32', '/home/ada/Roaming/Strata'],
    [{}, 'win32', '/home/ada/AppData/Roaming/Strata'],
  ] as const)('with %j on %s is %s', (env, platform, folder) => {
    expect(dataFolder(env, platform, '/home/ada').replaceAll('\\', '/')).toBe(folder)
  })
})
