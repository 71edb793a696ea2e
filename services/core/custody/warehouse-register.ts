/** The register of keys in the warehouse: the table `key_fingerprint`, where the first row of a name counts. */
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { insertBlock } from '../clickhouse/insert.ts'
import type { KeyRegister } from './registered-secret.ts'

const TABLE = 'key_fingerprint'

export function warehouseRegister(clickhouse: ClickHouseClient): KeyRegister {
  async function read(): Promise<ReadonlyMap<string, string>> {
    const result = await clickhouse.query({
      query: `SELECT name, argMin(k.fingerprint, k.registered_at) AS fingerprint FROM ${TABLE} AS k GROUP BY name`,
      format: 'JSONEachRow',
    })
    const rows = await result.json<{ name: string; fingerprint: string }>()
    return new Map(rows.map(({ name, fingerprint }) => [name, fingerprint]))
  }
  const insert = (name: string, fingerprint: string, token: string) =>
    insertBlock(clickhouse, {
      table: TABLE,
      columns: ['name', 'fingerprint', 'registered_at'],
      rows: [[name, fingerprint, Date.now()]],
      token,
    })
  return {
    read,
    async register(name, fingerprint) {
      // Of two hosts at once, one has the token.
      await insert(name, fingerprint, name)
      // ClickHouse was killed between a token and its row.
      if (!(await read()).has(name)) await insert(name, fingerprint, `${name}:${Date.now()}`)
    },
  }
}
