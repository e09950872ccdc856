import { StrataError } from '../../../shared/errors.ts'
import { alignUp } from '../../base/ints.ts'
import { HEADER_BYTES } from '../../crypto/luks-header.ts'
import type { Storage } from '../../io/storage.ts'
import type { Header } from './header.ts'
import { CRYPT, EXTENSION, HeaderV2, LuksExtension } from './layout.ts'

/** Host bytes of an image's LUKS header and key material, in clusters of their own. */
export interface LuksPlace {
  at: number
  length: number
}

/**
 * Where the LUKS header lies (section "Full disk encryption header pointer"); undefined where the image is not encrypted with LUKS.
 * Throws `CORRUPT` for a pointer that is missing, not asked for, or leads out of the file.
 */
export function luksPlace({ cryptMethod, clusterBits, extensions }: Header, { path, size }: Storage): LuksPlace | undefined {
  const bad = (message: string, field: string): StrataError =>
    new StrataError(
      'CORRUPT',
      message,
      { path, offset: HeaderV2.at('cryptMethod'), field },
      'The header is damaged. Restore the image from a copy.',
    )
  const data = extensions.find(({ type }) => type === EXTENSION.luks)?.data
  if ((cryptMethod === CRYPT.luks) !== (data !== undefined))
    throw bad(
      data
        ? 'The image has an encryption header, and does not say that it is encrypted with it'
        : 'The image does not say where its encryption header is',
      'encryption header pointer',
    )
  if (!data) return undefined
  if (data.length !== LuksExtension.size) throw bad(`The encryption header pointer has ${data.length} bytes`, 'encryption header pointer')
  const { offset: at, length } = LuksExtension.decode(data, { path, field: 'encryption header pointer' })
  const clusterSize = 2 ** clusterBits
  if (at === 0 || at % clusterSize !== 0)
    throw bad('The encryption header does not start on a cluster boundary', 'encryption header offset')
  if (length < HEADER_BYTES || at + length > alignUp(size, clusterSize))
    throw bad(`An encryption header of ${length} bytes does not lie inside the file`, 'encryption header length')
  return { at, length }
}
