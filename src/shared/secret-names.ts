import type { JobOrder } from './api.ts'
import type { KeyChange } from './requests.ts'

/** The names by which an order refers to passphrases. */
export function secretsNamed({ kind, request }: JobOrder): string[] {
  switch (kind) {
    case 'create':
      return named(request.qcow2?.encrypt?.secret)
    case 'convert':
      return [
        ...[request.source, ...(request.also ?? [])].flatMap((source) => named(source.secret)),
        ...named(request.target.qcow2?.encrypt?.secret),
        ...named(request.target.secret),
      ]
    case 'compare':
      return [...named(request.left.secret), ...named(request.right.secret)]
    case 'measure':
      return [...('path' in request.source ? named(request.source.secret) : []), ...named(request.target.qcow2?.encrypt?.secret)]
    case 'amend':
      return request.changes.keys ? ofKeys(request.changes.keys) : []
    default:
      return []
  }
}

function ofKeys(change: KeyChange): string[] {
  if (change.do === 'empty') return []
  return change.do === 'change' ? [change.from, change.to] : [change.secret]
}

function named(name: string | undefined): string[] {
  return name === undefined ? [] : [name]
}

/** Whether an order needs a passphrase that was held for it alone. That one is gone once the job has begun: the order can't be given again. */
export function namesSecret(order: JobOrder): boolean {
  return secretsNamed(order).length > 0
}
