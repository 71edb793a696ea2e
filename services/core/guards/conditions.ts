/** The condition of a case of a guard. */
import { PRODUCER } from '../contract/guard-schema.ts'
import type { GuardCase } from '../contract/types.ts'

/** @returns whether the case applies to a record of a producer */
export function condition({
  when = [],
}: GuardCase): (record: Readonly<Record<string, unknown>>, producer: string) => boolean {
  return (record, producer) => {
    for (const { field, equals } of when) if ((field === PRODUCER ? producer : record[field]) !== equals) return false
    return true
  }
}
