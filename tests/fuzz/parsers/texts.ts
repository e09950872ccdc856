import { parseArgs } from '../../../src/cli/args.ts'
import { GENERAL } from '../../../src/cli/common-options.ts'
import { CreationOptions } from '../../../src/cli/creation-options.ts'
import { Failure } from '../../../src/cli/failure.ts'
import { readImageName } from '../../../src/cli/image-name.ts'
import { keyChangeOf } from '../../../src/cli/key-options.ts'
import { asksForHelp, parseOptionLists } from '../../../src/cli/option-list.ts'
import { readObject } from '../../../src/cli/object-definition.ts'
import { humanSize, parseSize } from '../../../src/cli/sizes.ts'
import { strata } from '../../../src/cli/strata.ts'
import { verbNamed, VERBS } from '../../../src/cli/verbs.ts'
import { recordingTerminal } from '../../fixtures/recording-terminal.ts'
import { gist, parser, type Parser } from '../parser.ts'
import { changedText } from '../text-changes.ts'

/** What a reader of the command line made of a text; it may end in a `Failure` and in nothing else. */
function said(read: () => unknown): string {
  try {
    return typeof read()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return gist(error.message)
  }
}

function texts(name: string, kept: readonly string[], words: readonly string[], run: (text: string) => string): Parser {
  return parser<string>({ name, kept, change: (text, other, random) => changedText(text, other, words, random), run })
}

const OPTION_NAMES = [
  'cluster_size',
  'compat',
  'preallocation',
  'refcount_bits',
  'size',
  'encrypt.format',
  'encrypt.key-secret',
  'encrypt.iter-time',
  'encryption',
  'lazy_refcounts',
  'extended_l2',
  'compression_type',
  'backing_file',
  'data_file',
  'data_file_raw',
  'nocow',
  'luks',
  'aes',
  'zstd',
  '1.1',
  '0.10',
  'full',
  'encrypt.state',
  'encrypt.keyslot',
  'encrypt.new-secret',
  'encrypt.old-secret',
  'active',
  'inactive',
]

const sizes = texts('sizes', ['10G', '64k', '1.5T', '0x1000', '9007199254740993', '8E', '-1G', '+2M'], [], (text) => {
  const size = parseSize(text)
  if (typeof size !== 'bigint') return size
  if (size < 0n || size >= 2n ** 64n) throw new Error(`${text} is a size of ${size}`)
  humanSize(Number(size))
  return `a size of ${size.toString(2).length} bits`
})

const optionLists = texts(
  'option lists',
  [
    'size=10G',
    'cluster_size=4k,compat=1.1,lazy_refcounts',
    'encrypt.format=luks,encrypt.key-secret=s',
    'backing_file=a,,b,backing_fmt=raw',
    'encrypt.state=active,encrypt.keyslot=1,encrypt.new-secret=n',
  ],
  OPTION_NAMES,
  (text) => {
    asksForHelp([text])
    return [
      said(() => new CreationOptions('qcow2', parseOptionLists([text, 'size=1G'])).toRequest()),
      said(() => new CreationOptions('raw', parseOptionLists([text])).describe()),
      said(() => keyChangeOf(new Map(parseOptionLists([text])), false)),
    ].join(' | ')
  },
)

const imageNames = texts(
  'image names',
  [
    'disk.qcow2',
    'json:{"driver":"qcow2","file":{"driver":"file","filename":"a"}}',
    'json:{"file.filename":"a"}',
    'driver=qcow2,file.filename=a,,b',
    'driver=file,filename=a',
    'driver=qcow2,encrypt.key-secret=s,file.filename=a',
  ],
  ['driver', 'file', 'filename', 'file.filename', 'encrypt.key-secret', 'cache.direct', 'raw', 'qcow2', 'read-only', 'json:{"file":'],
  (text) => {
    const read = (asOptions: boolean): string =>
      said(() => {
        const { path } = readImageName(text, asOptions)
        if (path === '' || path.includes('\0') || !path.isWellFormed())
          throw new Error(`no file can have the name that came out: ${JSON.stringify(path)}`)
      })
    return `${read(false)} | ${read(true)}`
  },
)

const objects = texts(
  'objects',
  [
    'secret,id=s,data=x',
    'qom-type=secret,id=s,file=f',
    '{"qom-type":"secret","id":"s","data":"x"}',
    'secret,id=s,format=base64,data=eA==',
    'secret,id=t,keyid=s,iv=aa,data=x',
  ],
  ['secret', 'id', 'data', 'format', 'base64', 'raw', 'keyid', 'iv', 'qom-type'],
  (text) =>
    said(() => {
      const settings = readObject(text)
      if (settings.get('qom-type') === undefined) throw new Error('an object without a type came out')
    }),
)

const LINES = [
  'create -f qcow2 -o cluster_size=4k a 10G',
  'info --output=json -U a',
  'convert -O qcow2 -c -o compat=1.1 a b',
  'convert -n -m 8 -W -S 4k -l snap a b',
  'dd if=a of=b bs=64k count=3 skip=1 -O raw',
  'compact --rewrite -c a',
  'check -r all --output=json a',
  'resize --shrink a -1G',
  'amend -o compat=0.10 a',
  'snapshot -c name a',
  'snapshot -a 1 a',
  'commit -b base -d a',
  'rebase -u -b base -F raw a',
  'chain a',
  'repair-path a b',
  'map --output=json -s 1M -l 2M a',
  'measure --size 10G -O qcow2',
  'compare -s a b',
  'bench -c 3 -d 1 -w a',
  'bitmap --add -g 64k a name',
  'completion bash',
  '--version',
  '-T x --help',
]
const separator = '\u001f'
const LINE_WORDS = [
  ...Object.keys(VERBS),
  ...LINES.flatMap((line) => line.split(' ')),
  separator,
  '--image-opts',
  '--object',
  'secret,id=s,data=x',
  '--',
  '-h',
]

/** Options alone, of every verb, in GNU's manner. */
async function options(): Promise<Parser> {
  const tables = [GENERAL, ...(await Promise.all(Object.keys(VERBS).map(async (name) => (await verbNamed(name))!.options)))]
  return texts(
    'options',
    LINES.map((line) => line.replaceAll(' ', separator)),
    LINE_WORDS,
    (text) => {
      const argv = text.split(separator)
      const table = tables[(argv[0] ?? '').length % tables.length]!
      return said(() => {
        const parsed = parseArgs(table, argv)
        if (parsed === 'help') return
        if (parsed.operands.length + parsed.given.length > argv.join('').length + argv.length) throw new Error('more came out than went in')
      })
    },
  )
}

/**
 * Whole command lines. None that could make a file, or that asks for work on purpose: the images that they name are not there. Runs in an empty
 * folder; names have no way out of it.
 */
const commandLines = parser<string>({
  name: 'command lines',
  kept: LINES.filter((line) => !line.startsWith('create')).map((line) => line.replaceAll(' ', separator)),
  change: (text, other, random) => changedText(text, other, LINE_WORDS, random).replaceAll('/', '_'),
  async run(text) {
    const argv = text.split(separator)
    if (argv.includes('create') || argv.some((argument) => argument.startsWith('--') && '--size'.startsWith(argument.split('=')[0]!)))
      return 'left out'
    const terminal = recordingTerminal(true)
    const exit = await strata(argv, terminal)
    if (terminal.complaints.includes('This is a mistake in Strata')) throw new Error(terminal.complaints)
    return `${exit} ${gist(terminal.complaints.replace(/^[^ ]*: /, ''))}`
  },
})

/** The readers of the command line. */
export async function textParsers(): Promise<Parser[]> {
  return [sizes, optionLists, imageNames, objects, await options(), commandLines]
}
