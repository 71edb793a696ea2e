/** No record goes to Kafka before the routing key is known to be the one of the installation: Kafka itself says so, and may be away at the start. */
import { ConfigurationError } from '#core/faults/errors.ts'
import { within } from '#core/process/within.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { LogProducer } from './producer.ts'

export interface RoutingKeyGate {
  /** Waits a short while; without an answer the gateway starts, and answers 503. @throws ConfigurationError for a foreign key */
  atStart(): Promise<void>
  /** @throws ConfigurationError for a foreign key; ChainonError dependency-unavailable */
  open(): Promise<void>
  /** @returns a producer that connects after that */
  behind(producer: LogProducer): LogProducer
}

export interface RoutingKeyGateOptions {
  readonly compare: () => Promise<void>
  readonly alarms: Pick<Alarms, 'raise' | 'clear'>
  readonly logger: Pick<Logger, 'warn'>
  /** Ends the process: called once, when a foreign key is noticed after the start. */
  readonly fail: (error: ConfigurationError) => void
}

const START_MS = 5000
const ALARM = 'gateway-routing-key'

export function routingKeyGate({ compare, alarms, logger, fail }: RoutingKeyGateOptions): RoutingKeyGate {
  let compared: Promise<void> | undefined
  let started = false

  async function compareNow(): Promise<void> {
    try {
      await compare()
      alarms.clear(ALARM)
    } catch (error) {
      // A foreign key stays one; anything else is asked again.
      if (!(error instanceof ConfigurationError)) compared = undefined
      else if (started) fail(error)
      throw error
    }
  }

  const gate: RoutingKeyGate = {
    async atStart() {
      try {
        await within(START_MS, gate.open())
      } catch (error) {
        if (error instanceof ConfigurationError) throw error
        logger.warn({ event: 'routing-key-not-compared', err: safeError(error) })
        alarms.raise({
          id: ALARM,
          code: 'dependency-unavailable',
          message:
            'routing.key could not be compared with the registered one: Kafka does not answer, or `chainon provision` has not made the topic routing.fingerprints. Records are answered 503',
        })
      } finally {
        started = true
      }
    },
    open: () => (compared ??= compareNow()),
    behind(producer) {
      let discarded = false
      return {
        ...producer,
        async connect() {
          await gate.open()
          // It was given up meanwhile: a connection of it would keep the process running.
          if (!discarded) await producer.connect()
        },
        async disconnect() {
          discarded = true
          await producer.disconnect()
        },
      }
    },
  }
  return gate
}
