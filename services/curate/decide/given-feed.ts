/** Whether a record is of the feed by which it was named: a pseudonym of a record does not tell its feed. */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { tableOf } from '#core/contract/names.ts'
import { ChainonError } from '#core/faults/errors.ts'

export interface NamedRecord {
  /** RECORD_A or RECORD_B. */
  readonly argument: string
  /** `<feed>/<first-level pseudonym>`. */
  readonly given: string
  /** Second-level pseudonym. */
  readonly stored: string
}

/**
 * @param named records of feeds that have a contract
 * @param find names of records in the log of links, which has also those that a rule rejected; a scan: only for what is not in the table of the feed
 * @throws ChainonError not-found when a record is of another feed
 */
export async function assertFeeds(
  clickhouse: ClickHouseClient,
  named: readonly NamedRecord[],
  find: (stored: readonly string[]) => Promise<readonly string[]>,
): Promise<void> {
  for (const { argument, given, stored } of named) {
    // A name of a contract. In the text: the front knows no rights of a table that a parameter names.
    const table = tableOf(given.slice(0, given.indexOf('/')))
    const result = await clickhouse.query({
      query: `SELECT 1 FROM ${table} WHERE record_id = {stored:String} LIMIT 1`,
      query_params: { stored },
      format: 'JSONEachRow',
    })
    if ((await result.json()).length > 0) continue
    const [found] = await find([stored])
    if (found !== given)
      throw new ChainonError('not-found', `${argument} is a record of another feed than the one that is given.`)
  }
}
