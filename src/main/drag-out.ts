import { app, nativeImage, type NativeImage, type WebContents } from 'electron'

/** Pixels of the picture that hangs on the pointer where the system has none for the file. */
const PLAIN = 32

/** Lets the person go on dragging a file out of the window, as a copy for whatever takes it. */
export async function dragOut(contents: WebContents, path: string): Promise<void> {
  const own = await app.getFileIcon(path).catch(() => undefined)
  contents.startDrag({ file: path, icon: own && !own.isEmpty() ? own : plain() })
}

/** A grey square: no picture at all would be refused. */
function plain(): NativeImage {
  return nativeImage.createFromBitmap(Buffer.alloc(PLAIN * PLAIN * 4, 0x99), { width: PLAIN, height: PLAIN })
}
