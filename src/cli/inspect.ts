import { FORMATS, type ChainInfo, type FormatName } from '../shared/model.ts'
import { StrataError } from '../shared/errors.ts'
import { createEngine, unwatched } from '../engine/index.ts'
import { Failure } from './failure.ts'
import { brokenLayer, openFailure } from './open-failure.ts'

/** In the terminal a backing file is followed wherever it leads, as qemu-img does. */
export const GATE = { kind: 'follow' } as const

/** The format of that name, or undefined where Strata has none. */
export function knownFormat(name: string | undefined): FormatName | undefined {
  return FORMATS.find((format) => format === name)
}

/** What an image and the layers below it are. Throws what the engine throws. */
export function chainOf(path: string, format?: FormatName): ChainInfo {
  return createEngine().info(format === undefined ? { path } : { path, format }, { gate: GATE, job: unwatched })
}

/** What the image that the command line calls `named`, and those below it, are; the chain may be broken below the top. */
export function inspect(path: string, formatName: string | undefined, named = path): ChainInfo {
  const format = knownFormat(formatName)
  if (formatName !== undefined && format === undefined) throw new Failure(`Could not open '${named}': Unknown driver '${formatName}'`)
  try {
    return chainOf(path, format)
  } catch (error) {
    if (error instanceof StrataError) throw openFailure(path, error.toDto(), named)
    throw error
  }
}

/** Like `inspect`, for work that needs every layer. */
export function inspectWhole(path: string, formatName: string | undefined, named = path): ChainInfo {
  const chain = inspect(path, formatName, named)
  if (chain.broken) throw openFailure(path, brokenLayer(chain.broken), named)
  return chain
}
