import { FORMATS, type FormatName } from '../../shared/model.ts'
import { StrataError } from '../../shared/errors.ts'
import type { Format } from './driver.ts'
import { qcow2 } from './qcow2/index.ts'
import { raw } from './raw/index.ts'

const BY_NAME: Record<FormatName, Format> = { raw, qcow2 }

/** Bytes from the start of a file that `probeFormat` wants to see. */
export const PROBE_BYTES = 1024

/** The format of that name; `UNSUPPORTED` for a name that is none of Strata's. */
export function formatNamed(name: string): Format {
  const known = FORMATS.find((format) => format === name)
  if (known === undefined)
    throw new StrataError('UNSUPPORTED', `Unknown file format '${name}'`, { field: 'format' }, `Strata knows ${FORMATS.join(' and ')}.`)
  return BY_NAME[known]
}

/** The format that the first bytes of a file speak of; raw where none does. */
export function probeFormat(head: Uint8Array): Format {
  return FORMATS.map((name) => BY_NAME[name]).find((format) => format.probe(head)) ?? raw
}
