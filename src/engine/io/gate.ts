import { StrataError } from '../../shared/errors.ts'
import type { FileSystem } from './file-system.ts'

/**
 * Which names found *inside* an image may be followed. As plain data, so that it can be sent to a worker.
 * `follow`: any regular file, as qemu-img does. `granted`: only files under one of the folders, or named one by one; those that are only to be
 * read are not in `writable`.
 */
export type GateRule = { kind: 'follow' } | { kind: 'granted'; roots: string[]; files: string[]; writable?: string[] }

/** Backing chains deeper than this are refused; QEMU has no limit, but runs out of stack. */
export const MAX_CHAIN_DEPTH = 256

/** Whether a canonical path is the folder or lies under it. */
export function isUnder(path: string, folder: string): boolean {
  if (path === folder) return true
  const prefix = folder.endsWith('/') || folder.endsWith('\\') ? folder : folder + (folder.includes('\\') ? '\\' : '/')
  return path.startsWith(prefix)
}

/** Throws unless the file `path`, which the image `namedBy` names, is a regular file that the rule lets Strata open for `access`. */
export function passGate(rule: GateRule, files: FileSystem, path: string, namedBy: string, access: 'read' | 'write' = 'read'): void {
  const real = files.canonical(path)
  const named = rule.kind === 'granted' ? (access === 'write' ? (rule.writable ?? []) : rule.files) : []
  if (rule.kind === 'granted' && !named.includes(real) && !rule.roots.some((root) => isUnder(real, root)))
    throw new StrataError(
      'DENIED',
      `The image names a file that Strata may not ${access}: ${path}`,
      { path: namedBy, field: 'backing file' },
      'Open that file in Strata yourself first, if you trust this image.',
    )
  const kind = files.facts(path)?.kind
  if (kind !== undefined && kind !== 'file')
    throw new StrataError('DENIED', `The image names something that is not a regular file: ${path}`, {
      path: namedBy,
      field: 'backing file',
    })
}
