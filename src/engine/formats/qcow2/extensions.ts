import { StrataError, type Where } from '../../../shared/errors.ts'
import { textOf, viewOf } from '../../base/bytes.ts'
import { alignUp } from '../../base/ints.ts'
import { EXTENSION, FEATURE_NAMES, FEATURE_RECORD } from './layout.ts'

/** One header extension (section "Header extensions"), kept as bytes, so that unknown ones survive a header rewrite. */
export interface Extension {
  type: number
  data: Uint8Array
}

/** Takes the extension area apart. `area` starts at the end of the header and ends at the backing file name or the end of the cluster; `base` is its file offset. */
export function parseExtensions(area: Uint8Array, base: number, where: Where): Extension[] {
  const view = viewOf(area)
  const found: Extension[] = []
  for (let at = 0; at + 8 <= area.length;) {
    const type = view.getUint32(at)
    const length = view.getUint32(at + 4)
    if (type === EXTENSION.end) break
    if (length > area.length - at - 8)
      throw new StrataError(
        'CORRUPT',
        `Header extension 0x${type.toString(16)} is longer than the room it has`,
        { ...where, offset: base + at + 4, field: 'header extension length' },
        'The header is damaged. Restore the image from a copy.',
      )
    if (found.some((extension) => extension.type === type))
      throw new StrataError('CORRUPT', `Header extension 0x${type.toString(16)} stands twice`, {
        ...where,
        offset: base + at,
        field: 'header extension type',
      })
    found.push({ type, data: area.slice(at + 8, at + 8 + length) })
    at += 8 + alignUp(length, 8)
  }
  return found
}

/** The extension area with its end mark, in the order given. */
export function encodeExtensions(extensions: readonly Extension[]): Uint8Array {
  const length = extensions.reduce((sum, { data }) => sum + 8 + alignUp(data.length, 8), 8)
  const area = new Uint8Array(length)
  const view = viewOf(area)
  let at = 0
  for (const { type, data } of extensions) {
    view.setUint32(at, type)
    view.setUint32(at + 4, data.length)
    area.set(data, at + 8)
    at += 8 + alignUp(data.length, 8)
  }
  return area
}

/** The names of all features that Strata knows, as the extension that new images carry. */
export function featureNameExtension(): Extension {
  const data = new Uint8Array(FEATURE_NAMES.length * FEATURE_RECORD)
  FEATURE_NAMES.forEach(([kind, bit, name], i) => {
    data[i * FEATURE_RECORD] = kind
    data[i * FEATURE_RECORD + 1] = bit
    data.set(new TextEncoder().encode(name), i * FEATURE_RECORD + 2)
  })
  return { type: EXTENSION.featureNames, data }
}

/** The name of an incompatible feature bit: what the image's own table calls it, else what Strata calls it, else its number. */
export function incompatibleName(extensions: readonly Extension[], bit: number): string {
  const table = extensions.find(({ type }) => type === EXTENSION.featureNames)?.data ?? new Uint8Array()
  for (let at = 0; at + FEATURE_RECORD <= table.length; at += FEATURE_RECORD) {
    if (table[at] !== 0 || table[at + 1] !== bit) continue
    const name = table.subarray(at + 2, at + FEATURE_RECORD)
    const end = name.indexOf(0)
    return textOf(end < 0 ? name : name.subarray(0, end))
  }
  return FEATURE_NAMES.find(([kind, known]) => kind === 0 && known === bit)?.[2] ?? `feature bit ${bit}`
}
