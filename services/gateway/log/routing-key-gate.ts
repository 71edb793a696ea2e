/**
 * Compares the routing key before a record goes to Kafka, which says whether it is the one of the installation. Kafka may be away at the start, and the one
 * partition of the register may be without a leader while others take records: then it is compared as soon as it can be, and an alarm says so.
 */
import { ConfigurationError } from '#core/faults/errors.ts'
import { within } from '#core/process/within.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { LogProducer } from './producer.ts'

export interface RoutingKeyGate {
  /** @throws ConfigurationError for a foreign key */
  atStart(): Promise<void>
  /** @returns a producer that connects once the key is compared, or cannot be */
  behind(producer: LogProducer): LogProducer
  stop(): void
}

export interface RoutingKeyGateOptions {
  readonly compare: () => Promise<void>
  readonly alarms: Pick<Alarms, 'raise' | 'clear'>
  readonly logger: Pick<Logger, 'warn'>
  /** Ends the process: called once, when a foreign key is noticed after the start. */
  readonly fail: (error: ConfigurationError) => void
  readonly attemptMs?: number
  readonly pauseMs?: number
}

const ALARM = 'gateway-routing-key'

export function routingKeyGate(options: RoutingKeyGateOptions): RoutingKeyGate {
  const { compare, alarms, logger, fail, attemptMs = 5000, pauseMs = 5000 } = options
  let attempt: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let started = false

  /** One at a time; what has been said stays. @throws ConfigurationError for a foreign key */
  const open = () => (attempt ??= compareNow())

  async function compareNow(): Promise<void> {
    clearTimeout(timer)
    try {
      await within(attemptMs, compare())
      alarms.clear(ALARM)
    } catch (error) {
      if (error instanceof ConfigurationError) {
        if (started) fail(error)
        throw error
      }
      logger.warn({ event: 'routing-key-not-compared', err: safeError(error) })
      alarms.raise({
        id: ALARM,
        code: 'dependency-unavailable',
        message:
          'routing.key could not be compared with the registered one: Kafka or the leader of routing.fingerprints does not answer, or `chainon provision` has not made that topic. It is compared when it can be; another key then ends this gateway',
      })
      attempt = undefined
      timer = setTimeout(() => void open().catch(() => undefined), pauseMs).unref()
    }
  }

  return {
    async atStart() {
      await open()
      started = true
    },
    behind(producer) {
      let discarded = false
      return {
        ...producer,
        async connect() {
          await open()
          // It was given up meanwhile: a connection of it would keep the process running.
          if (!discarded) await producer.connect()
        },
        async disconnect() {
          discarded = true
          await producer.disconnect()
        },
      }
    },
    stop: () => clearTimeout(timer),
  }
}
