/**
 * One row of the import table. A file belongs to the first row whose pattern fits its path in src/, and may import its own layer, the
 * layers named, and nothing else.
 */
export interface Layer {
  /** the layer's name; `$1` stands for the pattern's group */
  name: string
  pattern: RegExp
  mayImport: readonly string[]
  /** packages that any of its files may import, by name */
  packages: readonly string[]
  /** whether `node:` modules and native packages may be imported; `suffix` means only by files named `*.node.ts` */
  node: 'yes' | 'suffix' | 'no'
  /** whether each file may import any other layer that begins with this */
  composes?: string
}

/** Packages that bring native code or need Node; where `node` allows them, they are allowed. */
export const NATIVE_PACKAGES = ['koffi'] as const

/** `virtual:licences` is put together by the build. */
const RENDERER_PACKAGES = ['svelte', 'bits-ui', '@lucide/svelte', 'virtual:licences']

/** Who may import whom: the table of docs/architecture.md, as data. */
export const LAYERS: readonly Layer[] = [
  { name: 'shared', pattern: /^shared\//, mayImport: [], packages: [], node: 'no' },

  { name: 'engine/base', pattern: /^engine\/base\//, mayImport: ['shared'], packages: [], node: 'suffix' },
  // The interface stands apart from the codecs: who is handed a codec needs its type alone.
  { name: 'engine/codec type', pattern: /^engine\/codec\/codec\.ts$/, mayImport: [], packages: [], node: 'no' },
  {
    name: 'engine/codec',
    pattern: /^engine\/codec\//,
    mayImport: ['shared', 'engine/base', 'engine/codec type'],
    packages: ['pako', '@hpcc-js/wasm-zstd', 'zstddec'],
    node: 'suffix',
  },
  // The same holds for ciphers and what they are made of: who is handed one needs its type alone.
  {
    name: 'engine/cipher type',
    pattern: /^engine\/crypto\/(sector-cipher|block-cipher|crypto-provider)\.ts$/,
    mayImport: [],
    packages: [],
    node: 'no',
  },
  {
    name: 'engine/crypto',
    pattern: /^engine\/crypto\//,
    mayImport: ['shared', 'engine/base', 'engine/cipher type'],
    packages: ['@noble/ciphers', '@noble/hashes'],
    node: 'suffix',
  },
  // The gate stands apart from io: a format names files, and may not open them.
  { name: 'engine/gate', pattern: /^engine\/io\/gate\.ts$/, mayImport: ['shared', 'engine/base', 'engine/io'], packages: [], node: 'no' },
  { name: 'engine/io', pattern: /^engine\/io\//, mayImport: ['shared', 'engine/base'], packages: [], node: 'suffix' },
  {
    name: 'engine/driver',
    pattern: /^engine\/formats\/driver\.ts$/,
    mayImport: ['shared', 'engine/base', 'engine/codec type', 'engine/cipher type', 'engine/io', 'engine/options'],
    packages: [],
    node: 'no',
  },
  { name: 'engine/options', pattern: /^engine\/formats\/options\.ts$/, mayImport: ['shared', 'engine/base'], packages: [], node: 'no' },
  {
    name: 'engine/registry',
    pattern: /^engine\/formats\/(registry|foreign)\.ts$/,
    mayImport: ['shared', 'engine/driver', 'engine/format index'],
    packages: [],
    node: 'no',
  },
  {
    name: 'engine/format index',
    pattern: /^engine\/formats\/[^/]+\/index\.ts$/,
    mayImport: ['shared', 'engine/base', 'engine/driver', 'engine/options', 'own folder'],
    packages: [],
    node: 'no',
  },
  {
    name: 'engine/formats/$1',
    pattern: /^engine\/formats\/([^/]+)\//,
    mayImport: [
      'shared',
      'engine/base',
      'engine/codec type',
      'engine/codec',
      'engine/cipher type',
      'engine/crypto',
      'engine/io',
      'engine/driver',
      'engine/options',
    ],
    packages: [],
    node: 'suffix',
  },
  {
    name: 'engine/device',
    pattern: /^engine\/device\//,
    mayImport: [
      'shared',
      'engine/base',
      'engine/codec type',
      'engine/cipher type',
      'engine/crypto',
      'engine/io',
      'engine/gate',
      'engine/driver',
      'engine/registry',
    ],
    packages: [],
    node: 'suffix',
  },
  // What a guest has put on a disk, from its bytes alone.
  { name: 'engine/guest', pattern: /^engine\/guest\//, mayImport: ['shared', 'engine/base'], packages: [], node: 'no' },
  {
    name: 'engine/lanes',
    pattern: /^engine\/lanes\//,
    mayImport: ['shared', 'engine/base', 'engine/codec', 'engine/codec type', 'engine/device'],
    packages: [],
    node: 'suffix',
  },
  {
    name: 'engine/operations',
    pattern: /^engine\/operations\//,
    mayImport: [
      'shared',
      'engine/base',
      'engine/codec type',
      'engine/io',
      'engine/gate',
      'engine/driver',
      'engine/options',
      'engine/registry',
      'engine/device',
      'engine/guest',
      'engine/lanes',
    ],
    packages: [],
    node: 'suffix',
  },
  // Puts the engine together for Node, so it alone knows every part.
  { name: 'engine', pattern: /^engine\/index\.ts$/, mayImport: ['shared'], composes: 'engine/', packages: [], node: 'yes' },

  { name: 'host', pattern: /^host\//, mayImport: ['shared', 'engine'], packages: ['valibot'], node: 'yes' },
  { name: 'cli', pattern: /^cli\//, mayImport: ['shared', 'host', 'engine'], packages: [], node: 'yes' },
  { name: 'server', pattern: /^server\//, mayImport: ['shared', 'host'], packages: ['ws', 'valibot'], node: 'yes' },
  { name: 'main', pattern: /^main\//, mayImport: ['shared', 'host'], packages: ['electron', 'valibot'], node: 'yes' },
  { name: 'preload', pattern: /^preload\//, mayImport: ['shared'], packages: ['electron'], node: 'no' },

  {
    name: 'renderer/views',
    pattern: /^renderer\/src\/views\//,
    mayImport: ['shared', 'renderer/state', 'renderer/components', 'renderer/lib'],
    packages: RENDERER_PACKAGES,
    node: 'no',
  },
  {
    name: 'renderer/state',
    pattern: /^renderer\/src\/state\//,
    mayImport: ['shared', 'renderer/api', 'renderer/lib'],
    packages: ['svelte'],
    node: 'no',
  },
  // How the window reaches its host.
  {
    name: 'renderer/api',
    pattern: /^renderer\/src\/api\.ts$/,
    mayImport: ['shared', 'renderer/lib'],
    packages: [],
    node: 'no',
  },
  {
    name: 'renderer/components',
    pattern: /^renderer\/src\/components\//,
    mayImport: ['shared', 'renderer/lib'],
    packages: RENDERER_PACKAGES,
    node: 'no',
  },
  // Pure functions, and the words that the window says.
  { name: 'renderer/lib', pattern: /^renderer\/src\/(lib|words)\//, mayImport: ['shared'], packages: ['svelte'], node: 'no' },
  // Mounts the window: the one place of the renderer that knows every part.
  {
    name: 'renderer',
    pattern: /^renderer\/(src\/[^/]+|index\.html)$/,
    mayImport: ['shared'],
    composes: 'renderer/',
    packages: RENDERER_PACKAGES,
    node: 'no',
  },
]
