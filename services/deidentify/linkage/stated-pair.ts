/** Two patient numbers of which a producer says that they are of one person: a merge (HL7 A40), or a link (A24). */
import type { FeedContract } from '#core/contract/types.ts'

/**
 * The producer is in what is returned: no producer can name a patient of another one.
 * @returns a function from a record to what names both numbers, the same from either of them; undefined of a feed that does not say so
 */
export function statedPair(
  contract: FeedContract,
): (record: Readonly<Record<string, unknown>>, producer: string) => string | undefined {
  const other = contract.fields.find(({ linkage }) => linkage === 'same_patient')?.name
  if (other === undefined) return () => undefined
  return (record, producer) => {
    const numbers = [record[contract.subject], record[other]].map(String).toSorted()
    // Numbers are the producer's, and may have any character: quoted, two pairs are never the same text.
    return JSON.stringify([producer, ...numbers])
  }
}
