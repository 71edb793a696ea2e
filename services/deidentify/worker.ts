/**
 * Turns one batch of `identified.<feed>` into as many messages of `pseudonymised.<feed>`, in order, in the partition of the
 * same index: each origin yields exactly one message, the record or a marker, so origins are dense downstream.
 */
import type { KafkaMessage, Message, Producer } from 'kafkajs'
import type { Decoder, Encoder } from '#core/avro/registry.ts'
import { MAX_PRODUCE_BYTES, MAX_PRODUCE_MESSAGES } from '#core/kafka/client.ts'
import { HEADER_MARKER, HEADER_ORIGIN_OFFSET } from '#core/kafka/headers.ts'
import type { Pipeline } from '#core/pipeline/pipeline.ts'
import type { FaultDetail } from '#core/pipeline/verdict.ts'
import type { Envelope, Sink } from '#core/pipeline/zones.ts'
import { yieldDue, yieldToEventLoop } from '#core/process/event-loop.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { WorkerEvents } from '#core/worker/events.ts'
import type { Deidentified, DeidentifyFault } from './pipeline.ts'

export interface FeedWork {
  readonly feed: string
  readonly outputTopic: string
  readonly pipeline: Pipeline<Buffer | null, Envelope<'pseudonymised', Deidentified>, DeidentifyFault>
  readonly decoder: Decoder
}

export interface WorkerParts {
  readonly producer: Producer
  readonly markerEncoder: Encoder
  readonly events: WorkerEvents
}

export function deidentifyBatch(parts: WorkerParts): (work: FeedWork, batch: PartitionBatch) => Promise<void> {
  const { events } = parts
  return async function handleBatch(work, batch) {
    const last = batch.messages.at(-1)
    if (!last) return
    await work.decoder.prepare(batch.messages.map((message) => message.value))
    const out: Envelope<'pseudonymised', Message>[] = []
    let quarantined = 0
    for (const [index, message] of batch.messages.entries()) {
      if (yieldDue(index)) await yieldToEventLoop()
      const verdict = work.pipeline.run(message.value)
      switch (verdict.kind) {
        case 'pass':
          out.push({
            zone: 'pseudonymised',
            body: { value: verdict.value.body, headers: { [HEADER_ORIGIN_OFFSET]: message.offset } },
          })
          break
        case 'quarantine':
          quarantined++
          events.fault(work.feed, verdict.fault, verdict.detail)
          out.push({
            zone: 'pseudonymised',
            body: marker(parts.markerEncoder, work.decoder, message, verdict.fault, verdict.detail),
          })
          break
        case 'drop':
          // No step of this pipeline drops: an origin without a message would be a gap downstream.
          throw new Error(`the deidentify pipeline dropped a record: ${String(verdict.fault)}`)
      }
    }
    await partitionSink(parts.producer, work.outputTopic, batch).write(out)
    const end = BigInt(last.offset) + 1n
    batch.assertOwned()
    await batch.commit(end)
    batch.advance(BigInt(last.offset))
    events.records(work.feed, 'passed', out.length - quarantined)
    events.records(work.feed, 'quarantined', quarantined)
  }
}

function marker(
  encoder: Encoder,
  decoder: Decoder,
  message: KafkaMessage,
  fault: DeidentifyFault,
  detail: FaultDetail,
): Message {
  const decoded = decoder.decode(message.value)?.record
  const value = encoder.encode({
    fault,
    pointer: detail.pointer,
    rule: detail.rule,
    producer: typeof decoded?._producer === 'string' ? decoded._producer : '',
    received_at: typeof decoded?._received_at === 'number' ? decoded._received_at : Number(message.timestamp),
  })
  if (!value) throw new Error('a quarantine marker does not fit its own schema')
  return { value, headers: { [HEADER_ORIGIN_OFFSET]: message.offset, [HEADER_MARKER]: 'quarantine' } }
}

/** Writes in order to the one partition, in slices that a broker takes. */
function partitionSink(producer: Producer, topic: string, batch: PartitionBatch): Sink<'pseudonymised', Message> {
  return {
    async write(envelopes) {
      let slice: Message[] = []
      let bytes = 0
      const flush = async () => {
        if (slice.length === 0) return
        batch.assertOwned()
        await producer.send({ topic, acks: -1, messages: slice })
        slice = []
        bytes = 0
      }
      for (const { body } of envelopes) {
        const size = (body.value?.length ?? 0) + 100
        if (bytes + size > MAX_PRODUCE_BYTES || slice.length >= MAX_PRODUCE_MESSAGES) await flush()
        slice.push({ ...body, partition: batch.partition })
        bytes += size
      }
      await flush()
    },
  }
}
