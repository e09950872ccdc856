import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'
import { SECURITY_HEADERS } from './session.ts'

/** The kinds of files that a window is made of; others are not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

/** Serves the files of one folder and nothing else; `/` is its index.html. */
export async function serveStatic(folder: string, pathname: string, response: ServerResponse): Promise<void> {
  const path = fileFor(folder, pathname)
  const type = path === undefined ? undefined : TYPES[extname(path)]
  const body = path !== undefined && type !== undefined ? await readFile(path).catch(() => undefined) : undefined
  if (body === undefined || type === undefined) {
    response.writeHead(404, { ...SECURITY_HEADERS, 'Content-Type': 'text/plain' }).end('Not found')
    return
  }
  response.writeHead(200, { ...SECURITY_HEADERS, 'Content-Type': type, 'Cache-Control': 'no-cache' }).end(body)
}

/** The file that a request's path names, or undefined where that would lie outside the folder. */
export function fileFor(folder: string, pathname: string): string | undefined {
  let name: string
  try {
    name = decodeURIComponent(pathname)
  } catch {
    return undefined
  }
  if (name.includes('\0') || name.includes('\\')) return undefined
  const path = join(folder, name === '/' ? 'index.html' : name)
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep) ? path : undefined
}
