/** What of a long list is on the screen: pixels from where the list begins. */
export interface Sight {
  top: number
  bottom: number
}

/** Which rows of one height are in sight or less than `margin` rows from it: from the first to before the last. `start` is where the first lies, in pixels. */
export function rowsInSight(count: number, height: number, start: number, sight: Sight, margin: number): { from: number; to: number } {
  const from = Math.floor((sight.top - start) / height) - margin
  const to = Math.ceil((sight.bottom - start) / height) + margin
  return { from: Math.min(count, Math.max(0, from)), to: Math.min(count, Math.max(0, to)) }
}
