/** The pipeline of a record in the gateway: from a decoded object to the message for Kafka. */
import type { AvroRegistry, Encoder } from '#core/avro/registry.ts'
import { identifiedSchema } from '#core/contract/avro-schemas.ts'
import { subjectOf, topicOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Mac } from '#core/crypto/hmac.ts'
import { pipeline, type RecordPipeline } from '#core/pipeline/pipeline.ts'
import type { Envelope } from '#core/pipeline/zones.ts'
import { explainer } from '#core/rules/explain.ts'
import { checkRecord } from './check-record.ts'
import { encodeIdentified } from './encode-identified.ts'
import { type ReceivedRecord, readRecord } from './read-record.ts'
import { type SealedMessage, sealRecord } from './seal-record.ts'
import { spellCodes } from './spell-codes.ts'

export type GatewayFault = 'contract-mismatch' | 'guard' | 'rule-rejected' | 'unencodable' | 'record-too-large'

/** No record is dropped: a record that is not accepted is rejected, by index, field and rule. */
export type GatewayPipeline = RecordPipeline<
  ReceivedRecord,
  Envelope<'identified', SealedMessage>,
  GatewayFault,
  'rejected'
>

export function gatewayPipeline(
  contract: FeedContract,
  topic: string,
  encoder: Encoder,
  routing: Mac,
  maxRecordBytes: number,
): GatewayPipeline {
  return pipeline<ReceivedRecord>()
    .step(readRecord(contract), { 'contract-mismatch': 'rejected' })
    .step(spellCodes(contract))
    .step(checkRecord(contract), { guard: 'rejected', 'rule-rejected': 'rejected' })
    .step(encodeIdentified(contract, encoder, routing, maxRecordBytes), {
      unencodable: 'rejected',
      'record-too-large': 'rejected',
    })
    .step(sealRecord(topic))
    .build()
}

/** What is compiled once per feed. */
export interface GatewayFeed {
  readonly contract: FeedContract
  readonly topic: string
  readonly pipeline: GatewayPipeline
  readonly explain: ReturnType<typeof explainer>
}

/** @throws ChainonError dependency-unavailable when the registry is unreachable, ConfigurationError when the contract does not fit it */
export async function openFeed(
  contract: FeedContract,
  namespace: string,
  registry: Pick<AvroRegistry, 'encoder'>,
  routing: Mac,
  maxRecordBytes: number,
): Promise<GatewayFeed> {
  const topic = topicOf(namespace, 'identified', contract.feed)
  const encoder = await registry.encoder(subjectOf(topic), identifiedSchema(contract))
  return {
    contract,
    topic,
    pipeline: gatewayPipeline(contract, topic, encoder, routing, maxRecordBytes),
    explain: explainer(contract),
  }
}
