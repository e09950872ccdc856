import { dirname, join, normalize } from 'node:path/posix'
import { parse } from 'svelte/compiler'
import ts from 'typescript'

/** What one file asks for: modules by package or `node:` name, and files by their path in src/. */
export interface Imports {
  packages: string[]
  files: string[]
}

/** Everything that a TypeScript or Svelte file imports: static, dynamic, for types alone or exported on. */
export function importsOf(path: string, text: string): Imports {
  const specifiers = scripts(path, text).flatMap((script) => ts.preProcessFile(script).importedFiles.map(({ fileName }) => fileName))
  const relative = specifiers.filter((specifier) => specifier.startsWith('.'))
  return {
    packages: specifiers.filter((specifier) => !specifier.startsWith('.')).map(packageName),
    files: relative.map((specifier) => normalize(join(dirname(path), specifier.replace(/\?.*$/, '')))),
  }
}

function scripts(path: string, text: string): string[] {
  if (!path.endsWith('.svelte')) return [text]
  const { module, instance } = parse(text, { modern: true })
  return [module, instance].flatMap((block) => {
    if (!block) return []
    // A parsed program knows where it stands, though its type does not say so.
    const { start, end } = block.content as unknown as { start: number; end: number }
    return [text.slice(start, end)]
  })
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
