/**
 * A table of a replicated ClickHouse. Definitions are written once, for one server (`schemas/clickhouse`, `core/contract/table.ts`); here
 * they become those of a cluster: each statement on every replica, each engine its Replicated counterpart with its own window.
 *
 * On one server the tokens of a table are in a log beside its parts; in a cluster they are nodes of Keeper, shared by the replicas,
 * and a token is written in the same transaction as its part. The two have different settings, and those of the one do nothing in the other.
 */
import { quote } from '../contract/table.ts'

/** Where Keeper has a table. The same for each replica, also for one that is added later; the macros are the server's. */
const KEEPER_PATH = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
/**
 * Keeper forgets a token after so many seconds, however few blocks came since; ClickHouse's default, an hour, is shorter than the longest
 * deadline of an intent, a day (`CHAINON_INTENT_DEADLINE_SECONDS`). Two days.
 */
const WINDOW_SECONDS = 172_800

const NAME = '(?:`[^`]+`|\\w+)(?:\\.(?:`[^`]+`|\\w+))?'
const DEFINITION = new RegExp(
  `^(CREATE DATABASE IF NOT EXISTS|CREATE TABLE IF NOT EXISTS|CREATE OR REPLACE VIEW|CREATE VIEW|CREATE MATERIALIZED VIEW IF NOT EXISTS|ALTER TABLE) (${NAME})`,
)
const ENGINE = /\bENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/
const WINDOW = /\bnon_replicated_deduplication_window = (\d+)/

/**
 * @param statement a definition: CREATE DATABASE, TABLE or VIEW, or ALTER TABLE, as Chainon writes them
 * @param cluster a cluster of the server's `remote_servers`; empty for one server, which changes nothing
 * @throws Error for any other statement: it would run on one replica only, and nothing would say so
 */
export function onCluster(statement: string, cluster: string): string {
  if (cluster === '') return statement
  if (!DEFINITION.test(statement)) throw new Error(`no definition for a cluster: ${statement.slice(0, 40)}`)
  return statement
    .replace(DEFINITION, (_, what: string, name: string) => `${what} ${name} ON CLUSTER ${quote(cluster)}`)
    .replace(ENGINE, (_, engine: string, given?: string) => {
      const place = given ? `${KEEPER_PATH}, ${given}` : KEEPER_PATH
      return `ENGINE = Replicated${engine}(${place})`
    })
    .replace(
      WINDOW,
      (_, blocks: string) =>
        `replicated_deduplication_window = ${blocks}, replicated_deduplication_window_seconds = ${WINDOW_SECONDS}`,
    )
}
