/** What the linker makes of a message of `link.decisions`. Pure. */
import type { KafkaMessage } from 'kafkajs'
import { readDecision, withPseudonym } from '#core/contract/link-decision.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import type { PairDecision } from '../link/decisions.ts'

/**
 * @returns in their order; what is no decision is left out
 * @throws ChainonError key-rotation when one is wrapped under a version that this process does not have
 */
export function decisionsOf(
  messages: readonly Pick<KafkaMessage, 'value' | 'offset'>[],
  { unwrap }: Pick<PseudonymWrap, 'unwrap'>,
): readonly PairDecision[] {
  return messages.flatMap(({ value, offset }) => {
    const decision = readDecision(value)
    const [one, other] = decision?.records.map((record) => withPseudonym(record, unwrap)) ?? []
    if (!decision || one === undefined || other === undefined) return []
    return [{ records: [one, other] as const, decision: decision.decision, order: Number(offset) }]
  })
}
