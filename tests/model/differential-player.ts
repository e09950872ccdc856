import type { FormatName } from '../../src/shared/model.ts'
import type { Row } from './differential-matrix.ts'
import type { Actor, Step } from './differential-model.ts'

/** The image that a player works on. */
export interface Place {
  /** a scratch folder; the noise files lie there */
  folder: string
  path: string
  row: Row
  backing?: { path: string; format: FormatName }
  /** for images that are encrypted */
  passphrase: string
}

/** A program that does steps to an image, and looks at what the other did. Each call opens the image and closes it. */
export interface Player {
  readonly name: Actor
  create(size: number): void
  play(steps: readonly Step[]): void
  /** What a check finds, in words; '' for nothing. */
  check(): string
  /** Where the disk holds other bytes than `bytes`, in words; '' for nowhere. */
  differs(bytes: Uint8Array): string
  /** The bytes of an internal snapshot. */
  snapshot(name: string): Uint8Array | undefined
  /** What a bitmap marks. */
  marks(name: string): Marks
}

/** Guest ranges, in order. */
export type Marks = { at: number; length: number }[]
