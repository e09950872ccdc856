import { importsOf } from './imports.ts'
import type { Sources } from './violations.ts'

/** Every ring of files that import each other, once, as `a → b → a`. */
export function cycles(sources: Sources): string[] {
  const found = new Map<string, string>()
  const finished = new Set<string>()
  const road: string[] = []

  const visit = (path: string): void => {
    const start = road.indexOf(path)
    if (start >= 0) {
      const ring = road.slice(start)
      found.set([...ring].sort().join(), [...ring, path].join(' → '))
      return
    }
    const text = sources.get(path)
    if (text === undefined || finished.has(path)) return
    road.push(path)
    importsOf(path, text).files.forEach(visit)
    road.pop()
    finished.add(path)
  }

  for (const path of sources.keys()) visit(path)
  return [...found.values()]
}
