import type { ChainInfo } from '../shared/model.ts'
import { canonicalPath } from './canonical.ts'
import { StrataError } from '../shared/errors.ts'

/**
 * The chain with each file by its one name, as the rest of the host and the windows know it: an image may name its base through a link. What has
 * no such name stays as the image says it.
 */
export function canonicalChain({ layers, broken, ...chain }: ChainInfo): ChainInfo {
  return {
    ...chain,
    layers: layers.map(({ path, backingPath, ...layer }) => ({
      ...layer,
      path: nameOf(path),
      ...(backingPath !== undefined && { backingPath: nameOf(backingPath) }),
    })),
    ...(broken && { broken: { ...broken, path: nameOf(broken.path) } }),
  }
}

function nameOf(path: string): string {
  try {
    return canonicalPath(path)
  } catch (error) {
    if (error instanceof StrataError) return path
    throw error
  }
}
