/** The versions of each feed's de-identification policy, in the warehouse: `provision` adds one when it finds another policy than the last. */
import { policyOf } from '../contract/policy.ts'
import type { FeedContract } from '../contract/types.ts'
import type { ClickHouseClient } from './client.ts'
import { insertBlock } from './insert.ts'

const TABLE = 'policy_version'

export interface PolicyVersion {
  readonly feed: string
  /** From 1. */
  readonly version: number
  readonly sha256: string
  /** `YYYY-MM-DD hh:mm:ss.sss`, UTC. */
  readonly since: string
}

/** @returns all versions, the oldest of each feed first */
export async function policyVersions(client: ClickHouseClient): Promise<readonly PolicyVersion[]> {
  const result = await client.query({
    query: `SELECT feed, version, sha256, toString(p.since) AS since FROM ${TABLE} AS p ORDER BY feed, version`,
    format: 'JSONEachRow',
  })
  return result.json<PolicyVersion>()
}

/**
 * Pure. A policy that was in force before, and is again, is a new version.
 *
 * @param known all versions, the oldest of each feed first
 * @returns the rows to add: feed, version, hash and text of each policy that differs from the last of its feed
 */
export function newPolicies(
  known: readonly PolicyVersion[],
  contracts: readonly FeedContract[],
): readonly (Omit<PolicyVersion, 'since'> & { readonly policy: string })[] {
  return contracts.flatMap((contract) => {
    const last = known.findLast(({ feed }) => feed === contract.feed)
    const { sha256, text } = policyOf(contract)
    if (last?.sha256 === sha256) return []
    return [{ feed: contract.feed, version: (last?.version ?? 0) + 1, sha256, policy: text }]
  })
}

/** @returns the versions that were added */
export async function registerPolicies(
  client: ClickHouseClient,
  contracts: readonly FeedContract[],
  now: Date,
): Promise<readonly Omit<PolicyVersion, 'since'>[]> {
  const added = newPolicies(await policyVersions(client), contracts)
  if (added.length === 0) return added
  const insert = ({ feed, version, sha256, policy }: (typeof added)[number], token: string) =>
    insertBlock(client, {
      table: TABLE,
      columns: ['feed', 'version', 'sha256', 'policy', 'since'],
      rows: [[feed, version, sha256, policy, now.getTime()]],
      token,
    })
  // Of two hosts at once, one has the token.
  for (const one of added) await insert(one, `${one.feed}:${one.version}`)
  // ClickHouse was killed between a token and its row.
  const stored = new Set((await policyVersions(client)).map(({ feed, version }) => `${feed}:${version}`))
  for (const one of added.filter(({ feed, version }) => !stored.has(`${feed}:${version}`)))
    await insert(one, `${one.feed}:${one.version}:${now.getTime()}`)
  return added
}
