import { resolve } from 'node:path'
import { app } from 'electron'
import * as v from 'valibot'

const HandOver = v.object({ files: v.array(v.string()) })

/** The files named on the command line, as whole paths; switches are Chromium's. */
export function filesAmong(argv: readonly string[], packaged: boolean): string[] {
  const plain = argv.slice(1).filter((argument) => !argument.startsWith('-'))
  // While developing, the first is the app's own folder.
  return plain.slice(packaged ? 0 : 1).map((file) => resolve(file))
}

/**
 * Whether this process is the one Strata of this data folder. If not, `files` were handed to that one. `receive` is called with what later
 * processes hand over.
 */
export function isFirst(files: readonly string[], receive: (files: string[]) => void): boolean {
  // As data rather than by their command line, whose order and folder Chromium does not keep.
  if (!app.requestSingleInstanceLock({ files })) return false
  app.on('second-instance', (_event, _argv, _folder, data) => {
    const handedOver = v.safeParse(HandOver, data)
    receive(handedOver.success ? handedOver.output.files : [])
  })
  return true
}
