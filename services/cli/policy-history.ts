/** The versions of a feed's policy in the warehouse. A file of its own, so that `chainon --help` does not load the client of ClickHouse. */
import { CLICKHOUSE_KEYS, clickhouseClient, rejectedLogin } from '#core/clickhouse/client.ts'
import { type PolicyVersion, policyVersions } from '#core/clickhouse/policy-versions.ts'
import { readConfig } from '#core/config/read.ts'
import { ChainonError } from '#core/faults/errors.ts'

/** @returns the versions of the feed, the oldest first @throws ChainonError when ClickHouse does not answer */
export async function policyHistory(env: NodeJS.ProcessEnv, feed: string): Promise<readonly PolicyVersion[]> {
  const clickhouse = clickhouseClient('feeds', readConfig('feeds', CLICKHOUSE_KEYS, env))
  try {
    return (await policyVersions(clickhouse)).filter((one) => one.feed === feed)
  } catch (error) {
    throw (
      rejectedLogin(error) ??
      new ChainonError('dependency-unavailable', 'ClickHouse is unreachable, or `chainon provision` has not run yet', {
        cause: error,
      })
    )
  } finally {
    await clickhouse.close()
  }
}

/** Pure. @param sha256 of the policy of the contract that was read @returns lines that say which version it is and since when */
export function historyLines(history: readonly PolicyVersion[], sha256: string): readonly string[] {
  const last = history.at(-1)
  const state =
    last === undefined
      ? 'no version is recorded: `chainon provision` has not run with this feed'
      : last.sha256 === sha256
        ? `version ${last.version}, in force since ${last.since} UTC`
        : `not in force: version ${last.version} is, and \`chainon provision\` records the next one`
  return [state, ...history.map(({ since, version, sha256: hash }) => `version ${version}, ${since} UTC, ${hash}`)]
}
