/** Checks whether a dependency answers. The request goes to the dependency itself: with or without a supervisor, on any machine. */
import type { Kafka } from 'kafkajs'
import { askRegistry } from '#core/avro/ask-registry.ts'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { reconnectingAdmin } from '#core/kafka/reconnecting-admin.ts'
import { withTimeout } from '#core/process/timeout.ts'
import { type RedisConfig, redisClient } from '#core/redis/client.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import type { ConsoleConfig } from '../config.ts'

export interface Probe {
  /** @throws when it does not answer in time */
  check(): Promise<void>
  close(): Promise<void>
}

export type ProbedComponent = 'kafka' | 'registry' | 'redis' | 'clickhouse'

const TIMEOUT_MS = 3_000
const nothing = () => Promise.resolve()

export function createProbes(
  config: ConsoleConfig,
  kafka: Kafka,
  clickhouse: ClickHouseClient,
  logger: Logger,
): Readonly<Record<ProbedComponent, Probe>> {
  return {
    kafka: kafkaProbe(kafka),
    registry: registryProbe(config),
    redis: redisProbe(config, logger),
    clickhouse: {
      async check() {
        const { success } = await withTimeout(clickhouse.ping(), TIMEOUT_MS)
        if (!success) throw new Error('no answer to ping')
      },
      close: nothing,
    },
  }
}

function kafkaProbe(kafka: Kafka): Probe {
  const admin = reconnectingAdmin(kafka)
  return {
    async check() {
      await admin.use((connected) => connected.describeCluster(), TIMEOUT_MS)
    },
    close: () => admin.close(),
  }
}

function registryProbe(config: ConsoleConfig): Probe {
  return {
    async check() {
      const status = await askRegistry(config, TIMEOUT_MS)
      if (status !== 200) throw Object.assign(new Error('rejected'), { code: `HTTP ${status}` })
    },
    close: nothing,
  }
}

function redisProbe(config: RedisConfig, logger: Logger): Probe {
  // Later than withTimeout, whose error says "no answer in time".
  const redis = redisClient(config, logger, { giveUpAfterMs: 2 * TIMEOUT_MS })
  return {
    async check() {
      await withTimeout(redis.ping(), TIMEOUT_MS)
    },
    async close() {
      redis.disconnect()
      await nothing()
    },
  }
}
