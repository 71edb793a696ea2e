/** What the linker makes of a message of `link.decisions`. Pure. */
import type { KafkaMessage } from 'kafkajs'
import { readDecision } from '#core/contract/link-decision.ts'
import type { PairDecision } from '../link/decisions.ts'

/** @returns in their order; what is no decision is left out */
export function decisionsOf(messages: readonly Pick<KafkaMessage, 'value' | 'offset'>[]): readonly PairDecision[] {
  return messages.flatMap(({ value, offset }) => {
    const decision = readDecision(value)
    const [one = '', other = ''] = decision?.records ?? []
    return decision ? [{ records: [one, other] as const, decision: decision.decision, order: Number(offset) }] : []
  })
}
