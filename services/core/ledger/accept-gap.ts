/**
 * The way out of a gap whose records are lost: a tile that says so, and a closed finding that says who decided it and why. `curate`
 * reads the tiles of a partition that a gap has stopped again and again, and goes on after the tile.
 */
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { type Block, insertBlock, missingRows } from '../clickhouse/insert.ts'
import { ChainonError } from '../faults/errors.ts'
import { closeFinding, type Finding, findingId, openFindings } from './findings.ts'
import { type Gap, isLost } from './gaps.ts'

export interface Acceptance {
  /** Who decided it. */
  readonly by: string
  readonly reason: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/**
 * @param gap as it was found just now
 * @returns why its records may not be accepted as lost; undefined when they may
 */
export function refusal(gap: Gap): string | undefined {
  if (!isLost(gap)) {
    const advice =
      gap.why === 'not-in-log'
        ? 'identified.<feed> still has them: set the offset of the group of deidentify back to the first one'
        : 'the pseudonymised log or ClickHouse has them: only their tile is missing'
    return `The records of ${gap.id} are not lost, so they cannot be accepted as lost: ${advice}.`
  }
  // curate goes on after the last tile of a partition: a tile beyond records that are not loaded would leave them out.
  return gap.from > gap.tiledTo
    ? `Records before ${gap.id} are not loaded yet; accept the gaps of a partition in their order.`
    : undefined
}

/** @returns the row of the tile, by column */
export function lostTile(gap: Gap, { at }: Acceptance): Readonly<Record<string, string | number>> {
  return {
    feed: gap.feed,
    incarnation: gap.incarnation,
    partition: gap.partition,
    from_offset: gap.from.toString(),
    to_offset: gap.to.toString(),
    loaded: 0,
    rejected: 0,
    quarantined: 0,
    lost: (gap.to - gap.from).toString(),
    replayed: 0,
    log_incarnation: '',
    log_from: 0,
    log_to: 0,
    loaded_at: at,
  }
}

/**
 * Writes who and why first: a tile without it would hide the loss. Doing it again writes nothing twice.
 *
 * @throws ChainonError bug when there is a {@link refusal}
 */
export async function acceptGap(clickhouse: ClickHouseClient, gap: Gap, acceptance: Acceptance): Promise<void> {
  const refused = refusal(gap)
  if (refused !== undefined) throw new ChainonError('bug', refused)
  const finding: Finding = {
    code: 'gap',
    feed: gap.feed,
    incarnation: gap.incarnation,
    partition: gap.partition,
    from: gap.from,
    to: gap.to,
    message: `${gap.feed}, partition ${gap.partition}: ${gap.to - gap.from} records were accepted as lost (${gap.why})`,
  }
  await openFindings(clickhouse, [finding], acceptance.at)
  await closeFinding(clickhouse, findingId(finding), acceptance, acceptance.at)
  const block = blockOf(gap, acceptance)
  await insertBlock(clickhouse, block)
  // ClickHouse may know the token without the row.
  if ((await missingRows(clickhouse, block)).length > 0)
    await insertBlock(clickhouse, { ...block, token: `${block.token}:${acceptance.at}` })
}

function blockOf(gap: Gap, acceptance: Acceptance): Block {
  const tile = lostTile(gap, acceptance)
  const params = { feed: gap.feed, incarnation: gap.incarnation, partition: gap.partition, from: gap.from.toString() }
  return {
    table: 'ledger_batch',
    columns: Object.keys(tile) as [string, ...string[]],
    rows: [Object.values(tile)],
    token: `${gap.id}:ledger_batch`,
    stored: {
      where:
        'feed = {feed:String} AND incarnation = {incarnation:String} AND partition = {partition:UInt32} AND from_offset = {from:UInt64}',
      params,
      key: [],
    },
  }
}
