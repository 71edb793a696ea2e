/** What the gateway and the workers would reject of a record because of the record alone, for who checks it without sending it. */
import { recordReader } from '../contract/record-reader.ts'
import type { FeedContract } from '../contract/types.ts'
import { codeSpeller } from '../guards/canonical.ts'
import type { FaultDetail } from '../pipeline/verdict.ts'
import { recordChecker } from './check-record.ts'
import { type Explanation, explainer } from './explain.ts'

/**
 * @param producer that would send it
 * @returns a function from a decoded object to its faults, with what is allowed; none when it would be accepted
 */
export function recordValidator(
  contract: FeedContract,
  producer: string,
): (raw: unknown) => readonly (FaultDetail & Explanation)[] {
  const readRecord = recordReader(contract, 'json')
  const spell = codeSpeller(contract)
  const check = recordChecker(contract)
  const explain = explainer(contract)
  return function validateRecord(raw) {
    const read = readRecord(raw)
    const faults = read.ok
      ? check(spell(read.record, producer), { producer, receivedAt: Date.now() * 1000 })
      : read.faults
    return faults.map((fault) => ({ ...fault, ...explain(fault) }))
  }
}
