import { dirname, resolve } from 'node:path'
import type { JobOrder } from '../shared/api.ts'
import type { Qcow2Options } from '../shared/model.ts'
import type { BitmapRequest, CheckRequest, ConvertRequest, RebaseRequest } from '../shared/requests.ts'

/** The files that an order names: what it reads, the images that it makes or changes, and other files that it writes or removes. */
export function filesOf({ kind, request }: JobOrder): { reads: string[]; writes: string[]; parts?: string[] } {
  switch (kind) {
    case 'create':
      return {
        reads: request.backing ? [backingPath(request.path, request.backing.name)] : [],
        writes: [request.path],
        parts: dataFilesOf(request.path, request.qcow2),
      }
    case 'convert':
      return {
        reads: [...sourcesOf(request), ...newBackingOf(request)],
        writes: [request.target.path],
        // A source that goes when its copy is there is written as far as other jobs are concerned.
        parts: [...dataFilesOf(request.target.path, request.target.qcow2), ...(request.replaceSource ? [request.source.path] : [])],
      }
    case 'check':
      return mends(request) ? { reads: [], writes: [request.path] } : { reads: [request.path], writes: [] }
    case 'compact':
      return request.dryRun ? { reads: [request.path], writes: [] } : { reads: [], writes: [request.path] }
    case 'measure':
      return { reads: 'path' in request.source ? [request.source.path] : [], writes: [] }
    case 'compare':
      return { reads: [request.left.path, request.right.path], writes: [] }
    case 'bench':
      return request.write ? { reads: [], writes: [request.path] } : { reads: [request.path], writes: [] }
    case 'amend':
    case 'resize':
    case 'snapshot':
      return { reads: [], writes: [request.path] }
    case 'commit':
      return { reads: [], writes: request.base === undefined ? [request.path] : [request.path, request.base] }
    case 'rebase':
      return { reads: openedBacking(request), writes: [request.path] }
    case 'bitmap':
      return { reads: mergedImages(request), writes: [request.path] }
  }
}

/** The images that a conversion reads, in order. */
export function sourcesOf({ source, also = [] }: ConvertRequest): string[] {
  return [source, ...also].map(({ path }) => path)
}

/** The backing file of the image that a conversion makes, as a list. */
export function newBackingOf({ target }: ConvertRequest): string[] {
  return target.backing ? [backingPath(target.path, target.backing.name)] : []
}

/** The new backing file that a rebase reads, as a list. */
export function openedBacking({ path, backing, mode }: RebaseRequest): string[] {
  return backing && mode === 'safe' ? [backingPath(path, backing.name)] : []
}

/** Whether a check changes the image. */
export function mends({ repair, dryRun = false }: CheckRequest): boolean {
  return repair !== undefined && !dryRun
}

/** Whether a check only tries a repair: its report is of the image as it would be, not as it is. */
export function rehearses({ repair, dryRun = false }: CheckRequest): boolean {
  return repair !== undefined && dryRun
}

/** The data file that a new image shall have, as a list. It is a part of the image, and no image of its own. */
export function dataFilesOf(path: string, options: Qcow2Options | undefined): string[] {
  return options?.dataFile === undefined ? [] : [backingPath(path, options.dataFile)]
}

/** The images whose bitmaps are merged into one of another image. */
export function mergedImages({ actions }: BitmapRequest): string[] {
  return actions.flatMap((action) => (action.do === 'merge' && action.from ? [action.from.path] : []))
}

/** The files of an order, with the parts of images among what it writes. */
function written(order: JobOrder): { reads: string[]; writes: string[] } {
  const { reads, writes, parts = [] } = filesOf(order)
  return { reads, writes: [...writes, ...parts] }
}

/** Whether two orders would get in each other's way: one writes what the other reads or writes. */
export function collide(a: JobOrder, b: JobOrder): boolean {
  const [first, second] = [written(a), written(b)]
  const touches = (order: typeof first, path: string) => order.writes.includes(path) || order.reads.includes(path)
  return first.writes.some((path) => touches(second, path)) || second.writes.some((path) => touches(first, path))
}

/** The file that the name of a backing or data file means, as seen from the new image that will hold it; `file:` is QEMU's word for a plain file. */
export function backingPath(path: string, name: string): string {
  return resolve(dirname(path), name.startsWith('file:') ? name.slice('file:'.length) : name)
}
