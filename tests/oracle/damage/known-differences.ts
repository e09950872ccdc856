import { isEncrypted, type Victim } from './images.ts'

/** Where Strata and QEMU differ over a damage, and why; each of the three where it is known. */
export interface KnownDifference {
  /** why the checks need not agree */
  check?: string
  /** why QEMU need not call the mended image clean */
  repair?: string
  /** why guest bytes need not stay */
  content?: string
}

interface Rule extends KnownDifference {
  damage: RegExp
  victim?: (victim: Victim) => boolean
}

const RULES: readonly Rule[] = [
  {
    damage: /entry at \d+: (bit 0 flipped|all ones)/,
    victim: ({ options }) => options.includes('compat=0.10'),
    check: 'version 2 has no zero flag: QEMU refuses to read the cluster, and its check does not look',
  },
  {
    damage: /entry at/,
    victim: ({ dataFile }) => dataFile === true,
    check: 'a cluster that does not lie at its own guest offset: QEMU refuses to read it, and its check does not look',
  },
  {
    damage: /header backing_file/,
    check: 'QEMU looks for the file of that name, and for names before it, which is nothing that a check is about',
    repair: 'the name of a file that is not there stays',
    content: 'another file has other bytes',
  },
  {
    damage: /past the end|bit (20|30|47|55) flipped|half a cluster|cut to/,
    victim: isEncrypted,
    content: 'past the end of the file there is nothing, which decrypts to noise; mended, it reads as zeros',
  },
  { damage: /cut to/, victim: ({ name }) => name === 'luks', repair: 'the encryption header is cut short, and nobody has its rest' },
  { damage: /luks/, check: 'how long the header is, who unlocks it finds out', repair: 'where the header is, nobody can tell' },
  {
    damage: /leads to/,
    victim: ({ options }) => options.includes('refcount_bits=1'),
    content: 'a cluster that is a table and data too: with counts of one bit QEMU can only leave it marked as damaged',
  },
  { damage: /(bit (54|57|60|63) flipped|all ones)/, check: 'header fields of 2^53 and more are refused by name' },
]

/** The reasons that hold for a damage to an image; several damages are named one behind the other. */
export function knownDifference(victim: Victim, what: string): KnownDifference {
  const known: KnownDifference = {}
  for (const { damage, victim: fits, check, repair, content } of RULES)
    if (damage.test(what) && (fits?.(victim) ?? true))
      Object.assign(known, check !== undefined && { check }, repair !== undefined && { repair }, content !== undefined && { content })
  return known
}
