import type { DiskInfo } from '../shared/model.ts'
import type { SourceImage } from '../shared/requests.ts'
import { Failure } from './failure.ts'
import { inspectWhole } from './inspect.ts'
import { type NamedImage, namedImage } from './named-image.ts'

/** One of the images that are read, and what it is. */
export interface Opened extends NamedImage {
  top: DiskInfo | undefined
}

/** Reads the name of an image and looks whether it opens, before the work begins. Throws what qemu-img would say. */
export function openedSource(args: Parameters<typeof namedImage>[0], operand: string): Opened {
  return inspected(namedImage(args, operand), operand)
}

/** Looks whether a named image, and what it stands on, opens. */
export function inspected(image: NamedImage, operand: string): Opened {
  const top = inspectWhole(image.path, image.format, operand).layers[0]
  if (top?.encrypted && image.secret === undefined)
    throw new Failure(`Could not open '${operand}': Parameter 'encrypt.key-secret' is required for cipher`)
  return { ...image, top }
}

/** The same as a request names it. */
export function sourceImage({ path, top, secret }: Opened): SourceImage {
  return { path, ...(top && { format: top.format }), ...(secret !== undefined && { secret }) }
}
