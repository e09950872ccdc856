import { type Finding, FINDINGS_KEPT, type FindingKind } from '../../../shared/model.ts'

/** What a check found, or a repair mended: all of it counted, the first of it kept in words. */
export class Findings {
  corruptions = 0
  leaks = 0
  errors = 0
  readonly kept: Finding[] = []
  readonly #guestSize: number

  /** `guestSize`: guest bytes of the disk; no finding is said to lie past them. */
  constructor(guestSize = 0) {
    this.#guestSize = guestSize
  }

  /** `offset` is the place in the file, and `guestOffset` the one on the disk as it is now, where there are such. */
  add(kind: FindingKind, message: string, offset?: number, guestOffset?: number): void {
    if (kind === 'leak') this.leaks++
    else if (kind === 'corruption') this.corruptions++
    else this.errors++
    if (this.kept.length >= FINDINGS_KEPT) return
    this.kept.push(offset === undefined ? { kind, message } : { kind, message, offset })
    this.locate(this.kept.at(-1)!, guestOffset)
  }

  /** Notes where on the disk a kept finding lies, if it lies on it. */
  locate(finding: Finding, guestOffset: number | undefined): void {
    if (guestOffset !== undefined && guestOffset < this.#guestSize) finding.guestOffset = guestOffset
  }

  get clean(): boolean {
    return this.corruptions + this.leaks + this.errors === 0
  }
}

/** An offset or an entry as people who read hex dumps know it. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`
}
