/** Does a part answer? Asked of the part itself, so that it holds with or without a supervisor, here or elsewhere. */
import { Redis } from 'ioredis'
import type { Kafka } from 'kafkajs'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import type { ConsoleConfig } from '../config.ts'
import { lastingAdmin } from './kafka-admin.ts'
import { withTimeout } from './source.ts'

export interface Probe {
  /** @throws when the part does not answer in time */
  ask(): Promise<void>
  close(): Promise<void>
}

export type ProbedPart = 'kafka' | 'registry' | 'redis' | 'clickhouse'

const TIMEOUT_MS = 3_000
const nothing = () => Promise.resolve()

export function createProbes(
  config: ConsoleConfig,
  kafka: Kafka,
  clickhouse: ClickHouseClient,
): Readonly<Record<ProbedPart, Probe>> {
  return {
    kafka: kafkaProbe(kafka),
    registry: registryProbe(config),
    redis: redisProbe(config.REDIS_URL),
    clickhouse: {
      async ask() {
        const { success } = await withTimeout(clickhouse.ping(), TIMEOUT_MS)
        if (!success) throw new Error('no answer to ping')
      },
      close: nothing,
    },
  }
}

function kafkaProbe(kafka: Kafka): Probe {
  const admin = lastingAdmin(kafka)
  return {
    async ask() {
      await admin.use((connected) => connected.describeCluster(), TIMEOUT_MS)
    },
    close: () => admin.close(),
  }
}

function registryProbe(config: ConsoleConfig): Probe {
  const login = `${config.SCHEMA_REGISTRY_USERNAME}:${config.SCHEMA_REGISTRY_PASSWORD}`
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`
  return {
    async ask() {
      const response = await fetch(`${config.SCHEMA_REGISTRY_URL}/schemas/types`, {
        headers: config.SCHEMA_REGISTRY_USERNAME ? { authorization } : {},
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      await response.body?.cancel()
      if (!response.ok) throw Object.assign(new Error('rejected'), { code: `HTTP ${response.status}` })
    },
    close: nothing,
  }
}

function redisProbe(url: string): Probe {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    connectTimeout: TIMEOUT_MS,
    retryStrategy: () => 1_000,
  })
  // The probe says that Redis is away; ioredis would say it again, on stderr, at every attempt.
  redis.on('error', () => undefined)
  return {
    async ask() {
      await withTimeout(redis.ping(), TIMEOUT_MS)
    },
    async close() {
      redis.disconnect()
      await nothing()
    },
  }
}
