/**
 * How many items there are, where all that can be asked is whether the one of an index is there, and those that are have the indices from 0 on.
 * Asks about twice as often as the count has binary digits.
 */
export function countThere(isThere: (index: number) => boolean): number {
  if (!isThere(0)) return 0
  let last = 0
  let past = 1
  while (isThere(past)) [last, past] = [past, past * 2]
  while (past - last > 1) {
    const middle = Math.floor((last + past) / 2)
    if (isThere(middle)) last = middle
    else past = middle
  }
  return past
}
