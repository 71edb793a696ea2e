/** What an error in a batch means: join the group again, or stop the partition under a code. */
import kafkajs from 'kafkajs'
import { clickhouseCode } from '../clickhouse/errors.ts'
import { ChainonError, describeUnreachable } from '../faults/errors.ts'
import type { StoppedPartition } from './stopped-partitions.ts'

/** The partition was revoked; the batch is abandoned, and nothing of it is committed. */
export class Revoked extends Error {
  override readonly name = 'Revoked'
}

/** Makes the client join the group again: it does so on an error of this type. */
export class RejoinGroup extends kafkajs.KafkaJSError {
  readonly type = 'REBALANCE_IN_PROGRESS'
  constructor() {
    super('the assignment is no longer certain')
  }
}

const REBALANCING = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])

/** The client rejoins on the protocol's own error, but wraps it when a retried request received it. */
export function rebalancingCause(error: unknown): Error | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (REBALANCING.has((at as { type?: string }).type ?? '')) return at
  }
  return undefined
}

/** @returns why a partition stops: ClickHouse's own code where there is one, then Chainon's, else a bug */
export function stopCode(error: unknown): StoppedPartition['code'] {
  const clickhouse = clickhouseCode(error)
  if (clickhouse !== undefined) return `clickhouse-${clickhouse}`
  if (error instanceof ChainonError) return error.code
  return describeUnreachable(error) === null ? 'bug' : 'dependency-unavailable'
}
