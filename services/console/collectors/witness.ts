/** The ledger's witness, at its own interval. The console runs it, because the console is the one service that is not on the path of a record. */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import type { AlarmCode } from '#core/faults/codes.ts'
import { describeFailure } from '#core/faults/describe-failure.ts'
import { createWitness } from '#core/ledger/witness.ts'
import { every, type Loop } from '#core/process/loop.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import type { Logger } from '#core/telemetry/logger.ts'

export interface WitnessOptions {
  readonly clickhouse: ClickHouseClient
  readonly feeds: readonly string[]
  readonly alarms: Alarms
  readonly logger: Logger
}

const PASS_MS = 15_000
const NOT_VERIFIED = 'not-verified' satisfies AlarmCode

/** A finding is an alarm at the next reading of the ledger; a pass that fails is an alarm until one succeeds. */
export function watchLedger({ clickhouse, feeds, alarms, logger }: WitnessOptions): Loop {
  const witness = createWitness(clickhouse, feeds)
  return every(PASS_MS, async () => {
    try {
      for (const { code, feed, partition, message } of await witness.pass(Date.now()))
        logger.error({ event: 'finding', code, feed, partition }, message)
      alarms.clear(NOT_VERIFIED)
    } catch (error) {
      const problem = describeFailure(error)
      alarms.raise({ id: NOT_VERIFIED, code: NOT_VERIFIED, message: `The ledger is not verified: ${problem}` })
    }
  })
}
