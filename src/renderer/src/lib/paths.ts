/** The last part of a path, on either kind of system. */
export function baseName(path: string): string {
  return path.slice(lastSeparator(path) + 1) || path
}

/** The folder that a path lies in; a root stays itself, a bare name has none. */
export function folderOf(path: string): string {
  const at = lastSeparator(path)
  if (at < 0) return ''
  const isRoot = at === 0 || (at === 2 && path[1] === ':')
  return path.slice(0, isRoot ? at + 1 : at)
}

/** Folder and name as one path. */
export function joinPath(folder: string, name: string, separator: string): string {
  if (folder === '') return name
  return folder.endsWith(separator) ? folder + name : folder + separator + name
}

/** Whether a name in an image leads to the same file from every folder. */
export function isWhole(name: string): boolean {
  return /^(file:)?(\/|[A-Za-z]:[\\/])/.test(name)
}

/** A name without its last extension; a leading dot is no extension. */
export function stem(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
}

/** The folders from the root of a path down to itself, for a trail of crumbs. */
export function crumbs(path: string): { name: string; path: string }[] {
  const trail: { name: string; path: string }[] = []
  let rest = path
  while (rest !== '') {
    const above = folderOf(rest)
    trail.unshift({ name: rest === above ? rest : baseName(rest), path: rest })
    if (rest === above) break
    rest = above
  }
  return trail
}

/** A path with the person's home folder as `~`. */
export function shortPath(path: string, home: string): string {
  if (path === home) return '~'
  const next = path[home.length]
  return path.startsWith(home) && (next === '/' || next === '\\') ? '~' + path.slice(home.length) : path
}

function lastSeparator(path: string): number {
  return Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
}
