import type { Storage } from '../../io/storage.ts'
import type { Lease } from '../driver.ts'
import type { Allocator } from './allocator.ts'
import type { Geometry } from './geometry.ts'
import type { Header } from './header.ts'
import type { Mapping } from './mapping.ts'

/** The parts of an open image, for the operations that work on its structure. */
export interface Parts {
  readonly storage: Storage
  readonly header: Header
  readonly geometry: Geometry
  readonly allocator: Allocator
  readonly mapping: Mapping
  readonly reserve: (at: number, length: number) => Lease
  readonly zero: (at: number, length: number) => void
  readonly flush: () => void
}
