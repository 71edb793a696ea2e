/** `GET /v1/producers/me`: what the gateway took from a producer, and what is left of its quotas. */
import { type Static, Type } from 'typebox'

const Quota = Type.Object({
  limit: Type.Integer({ minimum: 1 }),
  left: Type.Integer({ minimum: 0 }),
})

const FeedVolume = Type.Object({
  feed: Type.String(),
  accepted: Type.Integer({ minimum: 0 }),
  refused: Type.Integer({ minimum: 0 }),
  refused_by_rule: Type.Record(Type.String(), Type.Integer({ minimum: 1 }), {
    description: 'Refused records by the first rule that each fails',
  }),
  last_received_at: Type.String({ format: 'date-time', description: 'When records of the producer last came' }),
  last_loaded_at: Type.Optional(
    Type.String({
      format: 'date-time',
      description:
        'When records of the feed, of any producer, last came to the warehouse; absent when none did for 8 days',
    }),
  ),
})

export const ProducerSummary = Type.Object(
  {
    producer: Type.String(),
    since: Type.String({ format: 'date-time', description: 'The counts are from the hour on that begins here' }),
    last_seen: Type.Optional(
      Type.String({ format: 'date-time', description: 'When its records last came; absent when none came since' }),
    ),
    feeds: Type.Immutable(Type.Array(FeedVolume)),
    quotas: Type.Optional(
      Type.Object(
        { requests: Quota, records: Quota, bytes: Quota, seconds_left: Type.Integer({ minimum: 0 }) },
        {
          description:
            'Of the window that ends in `seconds_left`, over all gateways; absent while Redis does not answer',
        },
      ),
    ),
  },
  { $id: 'ProducerSummary', description: 'What came from a producer within a day, to the second behind' },
)
export type ProducerSummary = Readonly<Static<typeof ProducerSummary>>
