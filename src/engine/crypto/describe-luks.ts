import type { LuksInfo } from '../../shared/model.ts'
import type { LuksHeader } from './luks-header.ts'
import { STRIPES } from './luks-slots.ts'

/** What a header says, without anything that is secret. */
export function describeLuks({ spec, hash, uuid, payloadOffset, digestIterations, slots }: LuksHeader): LuksInfo {
  const { cipher, mode, ivgen, ivgenHash } = spec
  return {
    format: 'luks',
    uuid,
    cipherAlg: cipher,
    cipherMode: mode,
    ...(ivgen && { ivgenAlg: ivgen }),
    ...(ivgenHash && { ivgenHashAlg: ivgenHash }),
    hashAlg: hash,
    payloadOffset,
    masterKeyIters: digestIterations,
    slots: slots.map(({ active, iterations, keyOffset }) =>
      active ? { active, iters: iterations, stripes: STRIPES, keyOffset } : { active, keyOffset },
    ),
  }
}
