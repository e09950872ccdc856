import { passphraseNamed } from '../shared/secrets.ts'
import type { OptionSpec, Parsed } from './args.ts'
import { Failure } from './failure.ts'
import { type ImageName, readImageName } from './image-name.ts'
import { isText, readSecrets } from './secrets.ts'

/** Options of every verb that opens an image. */
export const IMAGE = {
  object: { long: 'object', value: 'secret,id=ID,…', help: 'a passphrase: file=FILE, or data=TEXT where nobody else is on this machine' },
  imageOptions: { long: 'image-opts', help: 'FILE is a list of options: driver=qcow2,file.filename=…,encrypt.key-secret=ID' },
} as const satisfies Record<string, OptionSpec>

/** The image that an operand names, with the passphrases that the command line holds. */
export interface NamedImage extends ImageName {
  secrets: Record<string, Uint8Array>
}

/** Reads an operand. A passphrase that is the only one opens the image, even if its name does not say so. */
export function namedImage(args: Pick<Parsed<'format' | 'object' | 'imageOptions'>, 'has' | 'last' | 'all'>, operand: string): NamedImage {
  const asOptions = args.has('imageOptions')
  if (asOptions && args.has('format')) throw new Failure('--image-opts and --format are mutually exclusive')
  const secrets = readSecrets(args.all('object'))
  const image = readImageName(operand, asOptions)
  const [first, ...others] = Object.keys(secrets)
  const secret = image.secret ?? (others.length === 0 ? first : undefined)
  if (secret !== undefined && !passphraseNamed(secrets, secret))
    throw new Failure(`Could not open '${operand}': No secret with id '${secret}'`)
  const passphrase = secret === undefined ? undefined : passphraseNamed(secrets, secret)
  if (passphrase && !isText(passphrase)) throw new Failure(`Could not open '${operand}': Data from secret ${secret} is not valid UTF-8`)
  const format = image.format ?? args.last('format')
  return { path: image.path, secrets, ...(format !== undefined && { format }), ...(secret !== undefined && { secret }) }
}

/** The passphrases with that of the image under the image's own path, where the engine looks for it. */
export function secretsByPath({ path, secret, secrets }: NamedImage): Record<string, Uint8Array> {
  const own = secret === undefined ? undefined : passphraseNamed(secrets, secret)
  return own ? { ...secrets, [path]: own } : secrets
}
