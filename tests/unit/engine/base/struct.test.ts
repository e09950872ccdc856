import { describe, expect, it } from 'vitest'
import { FIELD_BYTES, type FieldKind, struct } from '../../../../src/engine/base/struct.ts'
import * as layout from '../../../../src/engine/formats/qcow2/layout.ts'

const records = [layout.HeaderV2, layout.HeaderV3, layout.SnapshotEntry, layout.BitmapsExtension, layout.BitmapEntry]

describe('struct', () => {
  const Pair = struct('pair', 24, { small: [0, 'u32'], large: [8, 'size64'], flags: [16, 'flags64'] })

  it('writes what it reads', () => {
    const bytes = new Uint8Array(24)
    Pair.encode({ small: 7, large: 2 ** 40 + 3, flags: 2n ** 63n }, bytes)
    expect(Pair.decode(bytes, {})).toEqual({ small: 7, large: 2 ** 40 + 3, flags: 2n ** 63n })
  })

  it('refuses a size that no number holds, and says where it lies', () => {
    const bytes = new Uint8Array(24)
    bytes[8] = 0x10
    expect(() => Pair.decode(bytes, { path: 'a.img', offset: 100 })).toThrow(
      expect.objectContaining({ code: 'CORRUPT', where: { path: 'a.img', offset: 108, field: 'large' } }),
    )
  })
})

describe('the records of qcow2', () => {
  it.each(records)('$name: fields lie inside the record and none over another', (record) => {
    let end = 0
    for (const [at, kind] of Object.values<readonly [number, FieldKind]>(record.fields).sort(([a], [b]) => a - b)) {
      expect(at).toBeGreaterThanOrEqual(end)
      end = at + FIELD_BYTES[kind]
    }
    expect(end).toBeLessThanOrEqual(record.size)
  })
})
