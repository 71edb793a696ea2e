/** A contract as an AsyncAPI 3.0.0 document: the two topics of the feed, and the Avro schemas of their messages in the registry's framing. */
import { type AvroRecordSchema, identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { subjectOf, topicOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Zone } from '#core/pipeline/zones.ts'
import { contractVersion } from './export-odcs.ts'

const ZONES: Readonly<
  Record<Zone, { readonly title: string; readonly schemaOf: (contract: FeedContract) => AvroRecordSchema }>
> = {
  identified: { title: 'what the gateway has accepted, with identities', schemaOf: identifiedSchema },
  pseudonymised: { title: 'what is left after de-identification', schemaOf: pseudonymisedSchema },
}

/** @param namespace of the topics: CHAINON_NAMESPACE */
export function asyncapiDocument(contract: FeedContract, namespace: string): object {
  const zones = Object.entries(ZONES) as [Zone, (typeof ZONES)[Zone]][]
  return {
    asyncapi: '3.0.0',
    info: { title: `Feed ${contract.feed}`, version: contractVersion(contract), description: contract.doc },
    defaultContentType: 'avro/binary',
    channels: Object.fromEntries(
      zones.map(([zone, { title }]) => [
        zone,
        {
          address: topicOf(namespace, zone, contract.feed),
          title,
          messages: { record: { $ref: `#/components/messages/${zone}` } },
          bindings: { kafka: { topic: topicOf(namespace, zone, contract.feed), bindingVersion: '0.5.0' } },
        },
      ]),
    ),
    operations: Object.fromEntries(
      zones.map(([zone, { title }]) => [
        `receive_${zone}`,
        { action: 'receive', channel: { $ref: `#/channels/${zone}` }, summary: `Reads ${title}` },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        zones.map(([zone, { schemaOf }]) => [
          zone,
          {
            name: subjectOf(topicOf(namespace, zone, contract.feed)),
            contentType: 'avro/binary',
            payload: { schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0', schema: schemaOf(contract) },
            bindings: {
              kafka: {
                ...{ schemaIdLocation: 'payload', schemaIdPayloadEncoding: 'confluent' },
                ...{ schemaLookupStrategy: 'TopicIdStrategy', bindingVersion: '0.5.0' },
              },
            },
          },
        ]),
      ),
    },
  }
}
