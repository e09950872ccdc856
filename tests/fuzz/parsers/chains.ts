import { createEngine } from '../../../src/engine/index.ts'
import { MemorySystem } from '../../../src/engine/io/memory-system.ts'
import { native } from '../../fixtures/platform.ts'
import { callContext } from '../image-bases.ts'
import { outcome, parser, type Parser } from '../parser.ts'
import { changedText } from '../text-changes.ts'

/** The names and formats that each of three images gives for what lies below it. */
type ChainInput = [name: string, format: string][]

const PATHS = ['/a', '/b', '/c']
/** What a name in an image is first; room for others as long. */
const BLANK = '#'.repeat(48)
const FORMAT = '?'.repeat(8)
const WORDS = [
  '/a',
  '/b',
  '/c',
  './a',
  '../b',
  'a',
  'b',
  '.',
  '/',
  '/raw',
  'file:/a',
  'file:',
  'json:{"driver":"qcow2"}',
  'nbd://localhost',
  'C:\\a',
  '\0',
  '//a',
  'qcow2',
  'raw',
  'vmdk',
  '',
]

/** An image with blanks for the name and the format of its backing file. */
function blankImage(): Buffer {
  const files = new MemorySystem()
  const engine = createEngine(undefined, { files, ...native })
  const backing = { name: BLANK, format: 'raw', unopened: true }
  engine.create({ path: '/new', format: 'qcow2', size: 4096, qcow2: { clusterSize: 512 }, backing, overwrite: false }, callContext())
  engine.rebase({ path: '/new', backing: { name: BLANK, format: FORMAT }, mode: 'unsafe' }, callContext())
  const storage = files.open('/new', false)
  const bytes = Buffer.alloc(storage.size)
  storage.readAt(0, bytes)
  return bytes
}

/** Chains of images that name each other, themselves, folders, URLs and rubbish. */
export function chainParser(): Parser {
  const blank = blankImage()
  const nameAt = blank.indexOf(BLANK)
  const formatAt = blank.indexOf(FORMAT)
  return parser<ChainInput>({
    name: 'chains',
    kept: [
      [
        ['/b', 'qcow2'],
        ['/c', 'qcow2'],
        ['/raw', 'raw'],
      ],
      [
        ['/b', 'qcow2'],
        ['/c', 'qcow2'],
        ['/a', 'qcow2'],
      ],
      [
        ['/raw', 'raw'],
        ['/a', 'qcow2'],
        ['./b', 'qcow2'],
      ],
    ],
    change: (input, other, random) => {
      const at = random.below(input.length)
      const [name, format] = input[at]!
      const changed = (text: string, theirs: string): string => changedText(text, theirs, WORDS, random)
      const [theirName, theirFormat] = other[random.below(other.length)]!
      return input.with(at, random.below(3) === 0 ? [name, changed(format, theirFormat)] : [changed(name, theirName), format])
    },
    run(input) {
      const files = new MemorySystem()
      input.forEach(([name, format], i) => {
        const bytes = Buffer.from(blank)
        const written = bytes.fill(0, nameAt, nameAt + BLANK.length).write(name, nameAt, BLANK.length)
        bytes.writeUInt32BE(written, 16)
        bytes.writeUInt32BE(bytes.fill(0, formatAt, formatAt + FORMAT.length).write(format, formatAt, FORMAT.length), formatAt - 4)
        const storage = files.create(PATHS[i]!)
        storage.writeAt(0, bytes)
        storage.close()
      })
      files.create('/raw').close()
      const engine = createEngine(undefined, { files, ...native })
      const said = [
        outcome(() => engine.info({ path: '/a' }, callContext())),
        outcome(() => engine.map({ path: '/a', most: 100 }, callContext())),
        outcome(() => engine.dependants({ path: '/c' }, callContext())),
        outcome(() => engine.findParent({ path: '/a' }, callContext())),
        outcome(() => engine.commit({ path: '/a' }, callContext())),
      ].join(' | ')
      if (files.openHandles !== 0) throw new Error(`${files.openHandles} files stayed open: ${said}`)
      return said
    },
  })
}
