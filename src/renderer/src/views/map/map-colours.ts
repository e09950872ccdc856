import type { MapKind } from '../../lib/map-cells.ts'
import type { MapPaint } from '../../lib/map-paint.ts'

/** The colour of each kind, as app.css names it. */
export const KIND_COLOURS: Record<MapKind, string> = {
  data: '--kind-data',
  packed: '--kind-packed',
  below: '--kind-below',
  zero: '--kind-zero',
  hole: '--hover',
}

/** The colours of layers, the top one first; deeper ones take turns. */
export const LAYER_COLOURS = ['--kind-data', '--kind-below', '--kind-packed', '--kind-snapshot', '--kind-meta'] as const

/** The colours as the page shows them now, in the way that a canvas understands: light and dark are settled by asking an element. */
export function mapColours(within: HTMLElement): Pick<MapPaint, 'kinds' | 'layers' | 'ground'> {
  const probe = within.appendChild(document.createElement('span'))
  const colour = (name: string): string => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const kinds = Object.fromEntries(Object.entries(KIND_COLOURS).map(([kind, name]) => [kind, colour(name)])) as Record<MapKind, string>
  const colours = { kinds, layers: LAYER_COLOURS.map(colour), ground: colour('--surface') }
  probe.remove()
  return colours
}
