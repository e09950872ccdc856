/** Who has to hear of every change of guest bytes: the persistent bitmaps. */
export interface WriteTracker {
  /** Called before guest bytes `[at, at + length)` change in any way. */
  mark(at: number, length: number): void
  /** Called before the header tells of another size of the disk. */
  resizing(): void
  /** Called before the image is closed, while it can still be written. */
  settle(): void
}
