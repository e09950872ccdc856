import type { Verb } from './verb.ts'

/** Every verb with what it is for; the verbs load only when they are used. */
export const VERBS = {
  create: async () => (await import('./commands/create.ts')).create,
  info: async () => (await import('./commands/info.ts')).info,
  convert: async () => (await import('./commands/convert.ts')).convert,
  dd: async () => (await import('./commands/dd.ts')).dd,
  compact: async () => (await import('./commands/compact.ts')).compact,
  check: async () => (await import('./commands/check.ts')).check,
  resize: async () => (await import('./commands/resize.ts')).resize,
  amend: async () => (await import('./commands/amend.ts')).amend,
  snapshot: async () => (await import('./commands/snapshot.ts')).snapshot,
  commit: async () => (await import('./commands/commit.ts')).commit,
  rebase: async () => (await import('./commands/rebase.ts')).rebase,
  chain: async () => (await import('./commands/chain.ts')).chain,
  'repair-path': async () => (await import('./commands/repair-path.ts')).repairPath,
  map: async () => (await import('./commands/map.ts')).map,
  measure: async () => (await import('./commands/measure.ts')).measure,
  compare: async () => (await import('./commands/compare.ts')).compare,
  bench: async () => (await import('./commands/bench.ts')).bench,
  bitmap: async () => (await import('./commands/bitmap.ts')).bitmap,
  completion: async () => (await import('./commands/completion.ts')).completion,
} as const satisfies Record<string, () => Promise<Verb>>

/** The verb of that name, or undefined. */
export async function verbNamed(name: string): Promise<Verb | undefined> {
  return Object.hasOwn(VERBS, name) ? VERBS[name as keyof typeof VERBS]() : undefined
}
