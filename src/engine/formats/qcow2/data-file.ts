import { StrataError } from '../../../shared/errors.ts'
import { textOf } from '../../base/bytes.ts'
import type { Storage } from '../../io/storage.ts'
import { type Header, readHeader } from './header.ts'
import { EXTENSION, HeaderV3, INCOMPATIBLE } from './layout.ts'

/** The name of the file that holds the guest's bytes, undefined where the image itself does. See `Format.dataFile`. */
export function dataFileName(storage: Storage): string | undefined {
  const header = readHeader(storage)
  if ((header.incompatible & INCOMPATIBLE.dataFile) === 0n) return undefined
  const name = dataFileOf(header)
  if (name !== undefined) return name
  throw new StrataError('CORRUPT', 'The image keeps its data in another file, and does not say in which', {
    path: storage.path,
    offset: HeaderV3.at('incompatible'),
    field: 'data file',
  })
}

/** The name of the data file that a header holds. */
export function dataFileOf({ extensions }: Header): string | undefined {
  const extension = extensions.find(({ type }) => type === EXTENSION.dataFile)
  return extension && extension.data.length > 0 ? textOf(extension.data) : undefined
}
