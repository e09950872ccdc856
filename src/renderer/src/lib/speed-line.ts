/** The points of a line through speeds, oldest at the left, the highest at the top, as `points` of an SVG polyline. Empty for fewer than two. */
export function speedLine(speeds: readonly number[], width: number, height: number): string {
  if (speeds.length < 2) return ''
  const top = Math.max(...speeds, 1)
  const step = width / (speeds.length - 1)
  return speeds.map((speed, at) => `${round(at * step)},${round(height - (speed / top) * height)}`).join(' ')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
