/** What a rule of a feed, or a fault, means. */
import { asRuleId } from '#core/contract/rule-id.ts'
import { asRecordFault, FAULTS } from '#core/faults/codes.ts'
import type { GatewayFeed } from '../encode/pipeline.ts'

export type Feeds = ReadonlyMap<string, Pick<GatewayFeed, 'explain'>>

/** @returns undefined for a rule that this gateway does not know */
export function meaningOf(feeds: Feeds, feed: string, rule: string, pointer: string): string | undefined {
  const fault = asRecordFault(rule)
  const name = fault ?? asRuleId(rule)
  const explained = name && feeds.get(feed)?.explain({ pointer, rule: name }).detail
  return explained ?? (fault && FAULTS[fault].text)
}
