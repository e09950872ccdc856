import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where Strata keeps its library and settings: `STRATA_DATA`, or the place that the system has for such. The folder may not exist yet. */
export function dataFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform, home = homedir()): string {
  const own = stated(env['STRATA_DATA'])
  if (own !== undefined) return own
  if (platform === 'win32') return join(stated(env['APPDATA']) ?? join(home, 'AppData', 'Roaming'), 'Strata')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Strata')
  return join(stated(env['XDG_DATA_HOME']) ?? join(home, '.local', 'share'), 'strata')
}

/** An empty variable counts as one that is not set. */
function stated(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}
