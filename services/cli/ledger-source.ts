/** Opens the sources of the ledger. A file of its own, so that `chainon --help` does not load the clients of Kafka and ClickHouse. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CLICKHOUSE_KEYS, clickhouseClient, rejectedLogin } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { type KeptFinding, listFindings } from '#core/ledger/findings.ts'
import { readLedger } from '#core/ledger/ledger.ts'
import type { LedgerRow } from '#core/ledger/row.ts'
import { createWitness } from '#core/ledger/witness.ts'
import { createLogger } from '#core/telemetry/logger.ts'

export interface LedgerReading {
  readonly rows: readonly LedgerRow[]
  readonly complete: boolean
}

export interface LedgerSource {
  /**
   * Reads until nothing is in flight or the time has passed; 0 seconds reads once.
   * @returns the rows of the last reading, and whether nothing was in flight then
   */
  read(waitSeconds: number): Promise<LedgerReading>
  /**
   * Examines what is stored now, because the console's witness may be down, or its last pass a while ago. It reads much more than `read`.
   * @returns the findings that are open
   */
  examine(): Promise<readonly KeptFinding[]>
  close(): Promise<void>
}

const PAUSE_MS = 250

/** @throws ChainonError dependency-unavailable when Kafka or ClickHouse is unreachable */
export async function openLedger(env: NodeJS.ProcessEnv): Promise<LedgerSource> {
  const config = readConfig('ledger', [...KAFKA_KEYS, ...CLICKHOUSE_KEYS, 'CHAINON_FEEDS_DIR'], env)
  const feeds = loadContracts(config.CHAINON_FEEDS_DIR).map(({ feed }) => feed)
  const admin = kafkaClient('ledger', config, createLogger('ledger', 'fatal')).admin({ retry: { retries: 3 } })
  const clickhouse = clickhouseClient('ledger', config)
  const witness = createWitness(clickhouse, feeds)
  const reading = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      const rejected = rejectedLogin(error)
      if (rejected) throw rejected
      throw new ChainonError(
        'dependency-unavailable',
        'the ledger cannot be read: Kafka or ClickHouse is unreachable, or `chainon up` has not run yet',
        { cause: error },
      )
    }
  }
  const readOnce = () => reading(() => readLedger({ admin, clickhouse, namespace: config.CHAINON_NAMESPACE, feeds }))
  try {
    await admin.connect()
  } catch (error) {
    throw new ChainonError(
      'dependency-unavailable',
      `Kafka is unreachable at ${config.KAFKA_BROKERS.join(', ')}; \`chainon status\` shows whether the stack runs`,
      { cause: error },
    )
  }
  return {
    async read(waitSeconds) {
      const until = Date.now() + waitSeconds * 1000
      for (;;) {
        const rows = await readOnce()
        const complete = rows.every((row) => row.in_flight === 0)
        if (complete || Date.now() >= until) return { rows, complete }
        await sleep(PAUSE_MS)
      }
    },
    examine: () =>
      reading(async () => {
        await witness.pass(Date.now())
        return listFindings(clickhouse)
      }),
    async close() {
      await admin.disconnect()
      await clickhouse.close()
    },
  }
}
