/**
 * An idempotent producer for the workers. kafkajs does not recover one from a failed send (its sequence numbers are then wrong), so the
 * next send is made by a new one. Messages of a failed send may or may not be in the log; the caller sends them again.
 */
import type { Kafka, Producer, ProducerRecord } from 'kafkajs'
import { ChainonError } from '../faults/errors.ts'
import { within } from '../process/within.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'

export interface OrderedProducer {
  /** @throws ChainonError dependency-unavailable when Kafka does not acknowledge in time */
  send(record: ProducerRecord): Promise<void>
  disconnect(): Promise<void>
}

const SEND_DEADLINE_MS = 12_000

interface Connected {
  readonly producer: Producer
  readonly ready: Promise<void>
  sends: number
}

export function orderedProducer(kafka: Kafka, logger: Logger): OrderedProducer {
  let current: Connected | undefined

  function connect(): Connected {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: 4, initialRetryTime: 100, maxRetryTime: 1000 },
    })
    return { producer, ready: producer.connect(), sends: 0 }
  }

  async function discard(old: Connected): Promise<void> {
    if (current === old) current = undefined
    // Sends of other partitions may still be under way on it: the last one disconnects it.
    if (old.sends > 0) return
    await old.producer
      .disconnect()
      .catch((error: unknown) => logger.debug({ event: 'producer-discarded', err: safeError(error) }))
  }

  return {
    async send(record) {
      current ??= connect()
      const used = current
      used.sends++
      try {
        await within(
          SEND_DEADLINE_MS,
          used.ready.then(() => used.producer.send(record)),
        )
        used.sends--
        if (current !== used) await discard(used)
      } catch (error) {
        used.sends--
        void discard(used)
        throw new ChainonError('dependency-unavailable', `Kafka did not acknowledge messages of ${record.topic}`, {
          cause: error,
        })
      }
    },
    async disconnect() {
      const used = current
      current = undefined
      await used?.producer.disconnect()
    },
  }
}
