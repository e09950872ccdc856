import { MediaQuery } from 'svelte/reactivity'
import type { Settings } from '../../../../shared/api.ts'
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

const dark = new MediaQuery('prefers-color-scheme: dark')

/**
 * The colours as the page shows them now, in the way that a canvas understands: light and dark are settled by asking an element. An effect
 * that reads them runs anew when the system or the person, who chose `theme`, turns from one to the other.
 */
export function mapColours(within: HTMLElement, theme: Settings['theme']): Pick<MapPaint, 'kinds' | 'layers' | 'ground'> {
  const probe = within.appendChild(document.createElement('span'))
  probe.style.colorScheme = theme === 'system' ? (dark.current ? 'dark' : 'light') : theme
  // Colours that the system forces upon text would make all kinds one.
  probe.style.setProperty('forced-color-adjust', 'none')
  const colour = (name: string): string => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const kinds = Object.fromEntries(Object.entries(KIND_COLOURS).map(([kind, name]) => [kind, colour(name)])) as Record<MapKind, string>
  const colours = { kinds, layers: LAYER_COLOURS.map(colour), ground: colour('--surface') }
  probe.remove()
  return colours
}
