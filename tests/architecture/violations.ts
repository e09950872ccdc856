import { dirname } from 'node:path/posix'
import { importsOf } from './imports.ts'
import { LAYERS, NATIVE_PACKAGES, type Layer } from './layers.ts'

/** A tree of sources: path in src/ to text. */
export type Sources = ReadonlyMap<string, string>

interface Place {
  layer: Layer
  name: string
}

/** Every import that the table does not allow, as sentences. */
export function violations(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => {
    const place = placeOf(path)
    if (place === undefined) return [`${path} lies in no layer`]
    const { packages, files } = importsOf(path, text)
    return [
      ...packages.filter((name) => !mayUse(place.layer, path, name)).map((name) => `${path} (${place.name}) may not import ${name}`),
      ...files.flatMap((target) => fileViolation(path, place, target)),
    ]
  })
}

function fileViolation(path: string, place: Place, target: string): string[] {
  const other = placeOf(target)
  if (other === undefined) return [`${path} (${place.name}) imports ${target}, which lies in no layer`]
  if (!mayImport(path, place, target, other)) return [`${path} (${place.name}) may not import ${target} (${other.name})`]
  // What stays portable must not need Node by a detour; only the file that puts the engine together chooses Node's parts.
  const portable = place.layer.node !== 'yes' && !isNodeFile(path)
  return portable && isNodeFile(target) ? [`${path} must stay portable, and ${target} needs Node`] : []
}

function mayImport(path: string, place: Place, target: string, other: Place): boolean {
  if (place.name === other.name && place.name !== 'engine/format index') return true
  if (place.layer.composes !== undefined && other.name.startsWith(place.layer.composes)) return true
  if (place.layer.mayImport.includes('own folder') && dirname(path) === dirname(target)) return true
  return place.layer.mayImport.includes(other.name)
}

function mayUse({ node, packages }: Layer, path: string, name: string): boolean {
  const needsNode = name.startsWith('node:') || NATIVE_PACKAGES.some((native) => native === name)
  return needsNode ? node === 'yes' || (node === 'suffix' && isNodeFile(path)) : packages.includes(name)
}

function placeOf(path: string): Place | undefined {
  for (const layer of LAYERS) {
    const match = layer.pattern.exec(path)
    if (match) return { layer, name: layer.name.replace('$1', match[1] ?? '') }
  }
  return undefined
}

function isNodeFile(path: string): boolean {
  return path.endsWith('.node.ts')
}
