import { countText } from '../../lib/sizes.ts'

/** A count with its noun. */
export const many = (count: number, one: string, more = `${one}s`): string => `${countText(count)} ${count === 1 ? one : more}`
