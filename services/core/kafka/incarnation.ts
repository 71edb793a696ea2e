/**
 * The incarnation of a partition's offsets: Kafka counts them again from 0 in a topic that is created again, and from the cut in a log
 * that was truncated, and gives them to other records. An origin is (feed, incarnation, partition, offset).
 *
 *   <topic id>              the topic since its creation; its first origin is offset 0
 *   <topic id>/<epoch>@<n>  the same topic since its log was truncated to n messages, under that leader epoch; its first origin is n
 */
export interface Incarnation {
  readonly topicId: string
  /** Leader epoch of the truncation; 0 when there was none. */
  readonly epoch: number
  /** The first origin offset that belongs to it. */
  readonly first: bigint
}

const FORM = /^([\w-]{22})(?:\/(\d{1,10})@(\d{1,19}))?$/

export function formatIncarnation({ topicId, epoch, first }: Incarnation): string {
  return epoch === 0 ? topicId : `${topicId}/${epoch}@${first}`
}

/** @returns undefined when the text is not an incarnation */
export function parseIncarnation(text: string): Incarnation | undefined {
  const found = FORM.exec(text)
  if (!found) return undefined
  const [, topicId = '', epoch = '0', first = '0'] = found
  return { topicId, epoch: Number(epoch), first: BigInt(first) }
}

export function isIncarnation(text: string): boolean {
  return FORM.test(text)
}

/** @returns the first origin offset of an incarnation; 0 for a text that is none */
export function firstOriginOf(text: string): bigint {
  return parseIncarnation(text)?.first ?? 0n
}
