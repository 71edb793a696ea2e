/** Finds records in the log of links by their second-level pseudonyms. */
import type { Kafka } from 'kafkajs'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { topicExtent, withAdmin } from '#core/kafka/offsets.ts'
import { scanPartition } from '#core/kafka/scan.ts'

/**
 * @param topics `linked.<feed>` and its feed
 * @param records second-level pseudonyms
 * @returns `<feed>/<first-level pseudonym>` of each, in their order
 * @throws ChainonError not-found when the log has no such record
 */
export async function findRecords(
  kafka: Kafka,
  groupPrefix: string,
  topics: ReadonlyMap<string, string>,
  level2: Pseudonymiser,
  { unwrap }: Pick<PseudonymWrap, 'unwrap'>,
  records: readonly string[],
): Promise<readonly string[]> {
  const found = new Map<string, string>()
  const partitions = await withAdmin(kafka, async (admin) =>
    Promise.all([...topics.keys()].map(async (topic) => ({ topic, extents: await topicExtent(admin, topic) }))),
  )
  await Promise.all(
    partitions.flatMap(({ topic, extents }) =>
      extents.map(({ partition }) =>
        // The key of a link is its record.
        scanPartition(kafka, groupPrefix, topic, partition, 0n, ({ key }) => {
          const record = unwrap(String(key))
          if (record === undefined) return
          const second = level2.pseudonym('record', record)
          if (records.includes(second)) found.set(second, `${topics.get(topic)}/${record}`)
        }),
      ),
    ),
  )
  return records.map((record) => {
    const one = found.get(record)
    if (one === undefined) throw new ChainonError('not-found', `The log of links has no record ${record}.`)
    return one
  })
}
