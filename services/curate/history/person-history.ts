/** The last change of each record of a person, from `person_link_scored`, with numbers in place of pseudonyms. */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { ChainonError } from '#core/faults/errors.ts'
import type { PersonHistory } from '#core/linkage/review/commands.ts'

const MOST = 200

interface Change {
  readonly at: string
  readonly kind: string
  readonly reason: string
  readonly from: string
  readonly to: string
  readonly records: number
}

/** @param record second-level pseudonym @throws ChainonError not-found when it is of no person */
export async function personHistory(clickhouse: ClickHouseClient, record: string): Promise<PersonHistory> {
  const persons = await clickhouse.query({
    query: `SELECT person_id AS person FROM person_link_scored FINAL WHERE record_id = {record:String} AND person_id != ''`,
    query_params: { record },
    format: 'JSONEachRow',
  })
  const [now] = await persons.json<{ person: string }>()
  if (!now) throw new ChainonError('not-found', 'The record is of no person: it is not known, or cancelled.')
  // What became of the persons that the record was of, and of the one that it is of now; one row for all records that went together.
  const changes = await clickhouse.query({
    query: `WITH changed AS (
              SELECT previous_person_id AS old_person_id, person_id AS new_person_id, change AS kind, reason, record_id, link_version,
                fromUnixTimestamp64Micro(toInt64(link_version), 'UTC') AS changed_at
              FROM person_link_scored FINAL WHERE change != ''),
            own AS (
              SELECT {person:String} AS person
              UNION DISTINCT SELECT old_person_id FROM changed WHERE record_id = {record:String}
              UNION DISTINCT SELECT new_person_id FROM changed WHERE record_id = {record:String} AND new_person_id != '')
            SELECT formatDateTime(max(changed_at), '%Y-%m-%dT%H:%i:%SZ') AS at, kind, reason, old_person_id AS from,
              new_person_id AS to, toUInt32(count()) AS records
            FROM changed WHERE old_person_id IN (SELECT person FROM own) OR new_person_id IN (SELECT person FROM own)
            GROUP BY kind, reason, old_person_id, new_person_id, toStartOfMinute(changed_at)
            ORDER BY max(link_version) DESC LIMIT ${MOST + 1}`,
    query_params: { record, person: now.person },
    format: 'JSONEachRow',
  })
  return numbered(now.person, await changes.json<Change>())
}

/** @param changes the latest first @returns persons by numbers, from 1 for the one that the record is of now */
export function numbered(now: string, changes: readonly Change[]): PersonHistory {
  const numbers = new Map([[now, 1]])
  const numberOf = (person: string) => {
    const number = numbers.get(person) ?? numbers.size + 1
    numbers.set(person, number)
    return number
  }
  return {
    person: 1,
    changes: changes.slice(0, MOST).map(({ from, to, ...of }) => ({
      ...of,
      from: numberOf(from),
      to: to === '' ? null : numberOf(to),
    })),
    more: changes.length > MOST,
  }
}
