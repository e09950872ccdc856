import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, type StrataHost } from './host.ts'

/** Nothing that axe calls serious or critical may be in view; `within` says which part of the page is judged, all of it where absent. */
export async function expectSound(win: Page, view: string, within?: string): Promise<void> {
  // Half-faded colours on their way in would be judged too.
  await win.waitForTimeout(300)
  const builder = new AxeBuilder({ page: win })
  if (within !== undefined) builder.include(within)
  const { violations } = await builder.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze()
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary ?? ''}`).join(' | ')}`)
  expect(told, view).toEqual([])
}

/** The page is one and the same in every shell, so each judges it in one of the two. */
export function schemeOf(strata: StrataHost): 'light' | 'dark' {
  return strata.kind === 'serve' ? 'light' : 'dark'
}
