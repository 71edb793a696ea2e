/** Of which persons two records are, and what a decision about them does: before it is made. */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import type { Decision } from '#core/contract/link-decision.ts'
import { ChainonError } from '#core/faults/errors.ts'

export interface RecordPerson {
  readonly record: string
  readonly person: string
  /** Of the person. */
  readonly records: number
}

/** @throws ChainonError not-found when a record is of no person */
export async function personsOf(
  clickhouse: ClickHouseClient,
  records: readonly [string, string],
): Promise<readonly [RecordPerson, RecordPerson]> {
  const result = await clickhouse.query({
    query: `WITH asked AS (SELECT record_id, person_id FROM person_link_scored FINAL WHERE record_id IN {records:Array(String)} AND person_id != '')
            SELECT asked.record_id AS record, asked.person_id AS person, toUInt32(count()) AS records
            FROM asked INNER JOIN (SELECT person_id FROM person_link_scored FINAL) AS link ON link.person_id = asked.person_id
            GROUP BY record, person`,
    query_params: { records },
    format: 'JSONEachRow',
  })
  const rows = await result.json<RecordPerson>()
  const of = (record: string): RecordPerson => {
    const row = rows.find((one) => one.record === record)
    if (!row)
      throw new ChainonError('not-found', `The record ${record} is of no person: it is not known, or cancelled.`)
    return row
  }
  return [of(records[0]), of(records[1])]
}

/** @returns which persons merge or split */
export function effectOf(decision: Decision, [one, other]: readonly [RecordPerson, RecordPerson]): string {
  const same = one.person === other.person
  const sizeOf = ({ person, records }: RecordPerson) => `${person} (${records} ${records === 1 ? 'record' : 'records'})`
  if (decision === 'accept')
    return same
      ? `The two are one person already, ${sizeOf(one)}: they stay so whatever the model says.`
      : `The persons ${sizeOf(one)} and ${sizeOf(other)} merge, as far as nobody has decided that two of their records are never one person.`
  if (decision === 'never')
    return same
      ? `The person ${sizeOf(one)} is split: the two records are of two persons, and the model decides of which one the others are.`
      : `The two are of the persons ${sizeOf(one)} and ${sizeOf(other)}: they never become one.`
  return same
    ? `The two are one person, ${sizeOf(one)}: the model decides again whether they stay so.`
    : `The two are of the persons ${sizeOf(one)} and ${sizeOf(other)}: the model decides again whether they are one.`
}
