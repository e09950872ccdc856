import type { Parser } from '../parser.ts'
import { byteParsers } from './bytes.ts'
import { chainParser } from './chains.ts'
import { imageParsers } from './images.ts'
import { messageParsers } from './messages.ts'
import { textParsers } from './texts.ts'

/** Every parser that is attacked. */
export async function allParsers(): Promise<Parser[]> {
  return [...imageParsers(), chainParser(), ...byteParsers(), ...(await textParsers()), ...messageParsers]
}
