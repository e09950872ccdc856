import type { FileSystemFacts, FileSystemKind } from '../../shared/disk-layout.ts'

/** What a header tells, without what it does not tell: empty labels, and sizes that can't be any. */
export function facts(
  kind: FileSystemKind,
  { label, uuid, size }: { label?: string | undefined; uuid?: string | undefined; size?: number },
): FileSystemFacts {
  const told = size !== undefined && Number.isSafeInteger(size) && size > 0
  return { kind, ...(label !== undefined && { label }), ...(uuid !== undefined && { uuid }), ...(told && { size }) }
}
