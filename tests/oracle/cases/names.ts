import type { OracleCase } from './oracle-case.ts'

const JSON_WORDS = 'the words of the JSON reader'
const TOO_LONG = 'the words of a name that is too long'
const WRONG_WORD = 'qemu-img names another argument than the one at fault'

/** Images named as QEMU's lists of options and as JSON, in the verbs whose own cases do not. */
const OPTION_LISTS: readonly OracleCase[] = [
  { line: 'check --image-opts driver=qcow2,file.filename=leak.qcow2' },
  {
    line: 'check -r leaks --image-opts driver=qcow2,file.filename=leak.qcow2',
    makes: 'leak.qcow2',
    differs: { stderr: 'each repair is told once' },
  },
  { line: 'resize --image-opts driver=qcow2,file.filename=data.qcow2 +1M', makes: 'data.qcow2' },
  { line: 'amend -o lazy_refcounts=on --image-opts driver=qcow2,file.filename=data.qcow2', makes: 'data.qcow2' },
  { line: 'snapshot -l --image-opts driver=qcow2,file.filename=snapshots.qcow2' },
  { line: 'snapshot -d no --image-opts driver=qcow2,file.filename=snapshots.qcow2' },
  { line: 'map --image-opts driver=qcow2,file.filename=data.qcow2' },
  { line: 'info --image-opts driver=raw,file.filename=data.raw' },
  { line: 'check -f qcow2 --image-opts driver=qcow2,file.filename=data.qcow2' },
  { line: 'resize --image-opts data.qcow2 +1M' },
  { line: 'amend -o compat=1.1 --image-opts file.driver=file,driver=qcow2' },
  { line: 'check --image-opts driver=nosuch,file.filename=data.qcow2' },
  { line: 'map --image-opts driver=qcow2,file.filename=missing.qcow2' },
  ...[
    ['check', 'json:{"driver":"qcow2","file.filename":"data.qcow2"}'],
    ['snapshot', '-l', 'json:{"driver":"qcow2","file":{"driver":"file","filename":"data.qcow2"}}'],
    ['map', 'json:{"driver":"raw","file.filename":"data.qcow2"}'],
  ].map((line) => ({ line, with: ['data.qcow2'] })),
  ...[
    ['resize', 'json:{"driver":"qcow2","file.filename":"data.qcow2"}', '+1M'],
    ['amend', '-o', 'lazy_refcounts=on', 'json:{"driver":"qcow2","file.filename":"data.qcow2"}'],
  ].map((line) => ({ line, with: ['data.qcow2'], makes: 'data.qcow2' })),
  { line: ['check', 'json:{"driver":"qcow2"'], differs: { stderr: JSON_WORDS } },
  { line: ['resize', 'json:{"driver":"qcow2","file.filename":"missing.qcow2"}', '+1M'] },
]

/** Options that qemu-img has in some verbs and not in others: nobody may find one where it is not. */
const REFUSED: readonly OracleCase[] = [
  ...['amend -U -o compat=1.1', 'resize -U', 'bitmap -U --add', 'commit -U', 'create -U'],
  ...['resize -t none', 'info -t none', 'check -t none', 'map -t none', 'compare -t none', 'snapshot -t none', 'create -t none'],
  ...['info -T none', 'resize -T none', 'map -T none', 'amend -T none', 'commit -T none', 'bench -T none', 'snapshot -T none'],
  ...['info -q', 'map -q', 'bitmap -q', 'create -p', 'resize -p', 'info -p', 'map -c'],
].map((words) => ({ line: `${words} data.qcow2` }))

/** Names that mean something to JavaScript are names like any other. */
const LIKE_ANY_OTHER: readonly OracleCase[] = ['constructor', '__proto__'].flatMap((name) =>
  [
    ...[
      `create -f ${name} new.img 1M`,
      `create -f qcow2 -o ${name}=1 new.qcow2 1M`,
      `measure -O ${name} --size 1M`,
      `dd ${name}=1 of=new.raw`,
    ],
    ...[`amend -o ${name}=on`, `info -f ${name}`, `map --output=${name}`, `check -r ${name}`].map((words) => `${words} data.qcow2`),
    `create -f qcow2 -o encrypt.format=luks,encrypt.key-secret=${name} new.qcow2 1M`,
  ].map((line) => ({ line })),
)

/** Options about caches and locks, accepted wherever qemu-img has them. */
const ACCEPTED: readonly OracleCase[] = [
  { line: 'info -U data.raw' },
  ...['check -U', 'check -T none', 'check --force-share', 'map -U', 'snapshot -U -l', 'snapshot -q -l', 'measure -U -O qcow2'].map(
    (words) => ({
      line: `${words} data.qcow2`,
    }),
  ),
  { line: 'compare -U -T none data.raw data.qcow2' },
  { line: 'rebase -U -t none -T none -u -b data.raw -F raw top.qcow2', makes: 'top.qcow2' },
  { line: 'amend -t directsync -o lazy_refcounts=on data.qcow2', makes: 'data.qcow2' },
  { line: 'check -T nosuch data.qcow2' },
  { line: 'amend -t nosuch -o compat=1.1 data.qcow2' },
  { line: 'compare -T nosuch data.raw data.qcow2' },
]

const ODD = [
  "it's.qcow2",
  'a "b".qcow2',
  'two\nlines.qcow2',
  'a,b.qcow2',
  'tab\there.qcow2',
  'back\\slash.qcow2',
  '*.qcow2',
  'ümläut.qcow2',
  '~.qcow2',
]

/** Names that are hard to write. */
const ODD_NAMES: readonly OracleCase[] = [
  ...ODD.map((name) => ({ line: ['create', '-f', 'qcow2', name, '1M'], makes: name })),
  ...ODD.map((name) => ({ line: ['info', name] })),
  ...ODD.map((name) => ({ line: ['convert', '-O', 'qcow2', 'data.raw', name], makes: name })),
  { line: ['create', '-f', 'qcow2', '--', '-x.qcow2', '1M'], makes: './-x.qcow2' },
  { line: ['create', '-f', 'qcow2', './-x.qcow2', '1M'], makes: './-x.qcow2' },
  { line: ['create', '-f', 'qcow2', '-x.qcow2', '1M'], differs: { stderr: WRONG_WORD } },
  { line: ['info', '--', '-x.qcow2'] },
  { line: ['info', '--', '--help'] },
  { line: ['info', '-'] },
  { line: ['create', '-f', 'qcow2', '', '1M'] },
  { line: ['create', '-f', 'raw', '', '1M'] },
  { line: ['info', ''] },
  { line: ['check', ''] },
  { line: ['convert', '', 'x.raw'] },
  { line: ['convert', 'data.raw', ''] },
  { line: ['resize', '', '1M'] },
  { line: ['create', '-f', 'qcow2', '-b', '', '-F', 'raw', 'x.qcow2', '1M'] },
  { line: ['create', '-f', 'qcow2', '-b', 'a,b.qcow2', '-F', 'qcow2', '-u', 'x.qcow2', '1M'] },
  { line: ['create', '-f', 'qcow2', '-o', 'backing_file=a,,b.qcow2,backing_fmt=qcow2', '-u', 'x.qcow2', '1M'] },
  { line: ['map', '--image-opts', 'driver=raw,file.filename=a,,b.qcow2'] },
  { line: ['info', 'nbd:localhost:1'], differs: { stderr: 'Strata opens files, and has no servers' } },
  {
    line: ['info', 'file:data.raw'],
    with: ['data.raw'],
    differs: { exit: { code: 1, because: 'a name is a path, and has no protocol' }, stdout: 'see there', stderr: 'see there' },
  },
  { line: ['create', '-f', 'qcow2', `${'x'.repeat(300)}.qcow2`, '1M'], differs: { stderr: TOO_LONG } },
  { line: ['info', `${'x'.repeat(300)}.qcow2`], differs: { stderr: TOO_LONG } },
]

const SIZES = [
  '1.5G',
  '64k',
  '1e3',
  '0x10000',
  '0X1F400',
  '1K',
  '1b',
  '0x10k',
  '+1M',
  ' 1M',
  '1M ',
  '1.5',
  '1.0',
  '.5M',
  '1,5M',
  '1_000',
  '',
  ' ',
  'M',
]
const SIZE_EDGES = [
  '-1',
  '-1M',
  '8E',
  '9E',
  '16E',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  '1EE',
  '0x',
  '0b1',
  '١M',
  'nan',
  'inf',
  '1Z',
]

/** Sizes that both refuse, each in its own words. */
const OTHER_WORDS: Readonly<Record<string, OracleCase['differs']>> = {
  'create -f raw x.raw -1M': { stderr: WRONG_WORD },
  'create -f raw x.raw 9223372036854775807': { stderr: 'Strata says that it is the size' },
  'resize -f qcow2 empty.qcow2 9223372036854775807': { stderr: 'Strata says first that it is no multiple of 512' },
  'create -f qcow2 -o cluster_size=9E x.qcow2 1M': { stdout: 'qemu-img prints it as a negative number' },
}

/** Sizes, good and bad. */
const SIZE_WORDS: readonly OracleCase[] = [
  ...[...SIZES, ...SIZE_EDGES].map((size) => ['create', '-f', 'raw', 'x.raw', size]),
  ...[...SIZES, ...SIZE_EDGES].map((size) => ['resize', '-f', 'qcow2', 'empty.qcow2', size]),
  ...['1.5M', '0x100000', '1e6', '-1', '9E', '1X', ''].map((size) => ['map', '--max-length', size, 'data.qcow2']),
  ...['1.5M', '0x10000', '1e6', '-64k', '9E', ''].map((size) => ['create', '-f', 'qcow2', '-o', `cluster_size=${size}`, 'x.qcow2', '1M']),
  ...['1.5G', '-1', '9E', '1X', ''].map((size) => ['measure', '-O', 'qcow2', '--size', size]),
].map((line) => {
  const differs = OTHER_WORDS[line.join(' ')]
  return { line, ...(differs && { differs }) }
})

export const NAMES: readonly OracleCase[] = [...OPTION_LISTS, ...REFUSED, ...ACCEPTED, ...LIKE_ANY_OTHER, ...ODD_NAMES]
export const SIZES_GIVEN: readonly OracleCase[] = SIZE_WORDS
