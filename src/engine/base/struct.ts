import { StrataError, type Where } from '../../shared/errors.ts'
import { viewOf } from './bytes.ts'
import { getU64, putU64 } from './ints.ts'

/** How a field is stored, big-endian. `size64` is a 64-bit count or offset narrowed to a safe integer; `flags64` stays a bigint. */
export type FieldKind = 'u8' | 'u16' | 'u32' | 'size64' | 'flags64'
export type FieldTable = Record<string, readonly [at: number, kind: FieldKind]>
export type Values<F extends FieldTable> = { -readonly [K in keyof F]: F[K][1] extends 'flags64' ? bigint : number }

export const FIELD_BYTES: Record<FieldKind, number> = { u8: 1, u16: 2, u32: 4, size64: 8, flags64: 8 }

/** An on-disk record declared once; reading, writing and field offsets all come from the table. */
export interface Struct<F extends FieldTable> {
  readonly name: string
  /** bytes */
  readonly size: number
  readonly fields: F
  /** Reads the record from the start of `bytes`. A `size64` of 2^53 or more throws `CORRUPT` with the field; `where` says where the record lies. */
  decode(bytes: Uint8Array, where: Where): Values<F>
  encode(values: Values<F>, into: Uint8Array): void
  /** Byte offset of a field from the start of the record. */
  at(field: keyof F): number
}

export function struct<const F extends FieldTable>(name: string, size: number, fields: F): Struct<F> {
  return {
    name,
    size,
    fields,
    at: (field) => fields[field]![0],
    decode(bytes, where) {
      const view = viewOf(bytes)
      const values: Record<string, number | bigint> = {}
      for (const [field, [at, kind]] of Object.entries(fields)) {
        const value = read(view, at, kind)
        if (kind === 'size64' && !Number.isSafeInteger(value))
          throw new StrataError('CORRUPT', `The ${name} holds an impossible value of 2^53 or more`, {
            ...where,
            offset: (where.offset ?? 0) + at,
            field,
          })
        values[field] = value
      }
      return values as Values<F>
    },
    encode(values, into) {
      const view = viewOf(into)
      for (const [field, [at, kind]] of Object.entries(fields)) write(view, at, kind, (values as Record<string, number | bigint>)[field]!)
    },
  }
}

function read(view: DataView, at: number, kind: FieldKind): number | bigint {
  switch (kind) {
    case 'u8':
      return view.getUint8(at)
    case 'u16':
      return view.getUint16(at)
    case 'u32':
      return view.getUint32(at)
    case 'size64':
      return getU64(view, at)
    case 'flags64':
      return view.getBigUint64(at)
  }
}

function write(view: DataView, at: number, kind: FieldKind, value: number | bigint): void {
  if (kind === 'flags64') view.setBigUint64(at, BigInt(value))
  else if (kind === 'size64') putU64(view, at, Number(value))
  else if (kind === 'u32') view.setUint32(at, Number(value))
  else if (kind === 'u16') view.setUint16(at, Number(value))
  else view.setUint8(at, Number(value))
}
