import type { CompressionType } from '../../../shared/model.ts'
import { StrataError } from '../../../shared/errors.ts'
import type { CodecName } from '../../codec/codec.ts'
import { LEVELS } from '../../codec/levels.ts'
import type { CreateOptions } from '../options.ts'
import { COMPRESSION_TYPE_AT, INCOMPATIBLE } from './layout.ts'

/** Section "Additional fields": the number of each compression type, and the codec it stands for. */
const TYPES: readonly { type: CompressionType; codec: CodecName }[] = [
  { type: 'zlib', codec: 'deflate' },
  { type: 'zstd', codec: 'zstd' },
]

/** What the header says of compression. */
interface Fields {
  compressionType: number
  incompatible: bigint
}

/** The compression type of an image that `assertCompression` has passed. */
export function compressionTypeOf({ compressionType }: Fields): CompressionType {
  return TYPES[compressionType]?.type ?? 'zlib'
}

/** The name of the codec that packs clusters of this compression type. */
export function codecNameOf(type: CompressionType): CodecName {
  return TYPES[compressionNumber(type)]!.codec
}

/** The compression type as the header holds it. */
export function compressionNumber(type: CompressionType): number {
  return TYPES.findIndex((row) => row.type === type)
}

/** Throws for a compression type that nobody knows, and where the feature bit says otherwise: it is set for all but zlib. */
export function assertCompression({ compressionType, incompatible }: Fields, path: string): void {
  const where = { path, offset: COMPRESSION_TYPE_AT, field: 'compression_type' }
  if (!TYPES[compressionType])
    throw new StrataError(
      'UNSUPPORTED',
      `Compression type ${compressionType} is not known`,
      where,
      'A newer program may have made this image.',
    )
  const set = (incompatible & INCOMPATIBLE.compression) !== 0n
  if (set !== (compressionType !== 0))
    throw new StrataError(
      'CORRUPT',
      `The feature bit of the compression type is ${set ? 'set, and the type is zlib' : 'not set, and the type is not zlib'}`,
      where,
      'The header is damaged. Restore the image from a copy.',
    )
}

/** Throws for a compression type or level that no image with these options can have. */
export function assertCompressible({ compat, compressionType, compressionLevel }: CreateOptions): void {
  if (compat === '0.10' && compressionType !== 'zlib')
    throw new StrataError(
      'INVALID_ARGUMENT',
      'Non-zlib compression type is only supported with compatibility level 1.1 and above (use version=v3 or greater)',
      { field: 'compression_type' },
    )
  const { least, most } = LEVELS[codecNameOf(compressionType)]
  if (compressionLevel !== undefined && !(Number.isInteger(compressionLevel) && compressionLevel >= least && compressionLevel <= most))
    throw new StrataError('INVALID_ARGUMENT', `The compression level of ${compressionType} must be between ${least} and ${most}`, {
      field: 'compression_level',
    })
}
