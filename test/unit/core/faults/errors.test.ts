/** What is said of a dependency that refuses a login or a right, which no waiting would heal. */
import { KafkaJSNonRetriableError, KafkaJSProtocolError } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { describeUnreachable } from '#core/faults/errors.ts'

const refusal = (type: string) =>
  new KafkaJSProtocolError(Object.assign(new Error('refused'), { type, code: 1, retriable: false }))

describe('describeUnreachable', () => {
  it.each([
    [refusal('TOPIC_AUTHORIZATION_FAILED'), /^Kafka gives the user of KAFKA_SASL_USERNAME no right/],
    [refusal('GROUP_AUTHORIZATION_FAILED'), /^Kafka gives the user of KAFKA_SASL_USERNAME no right/],
    [Object.assign(new Error('no'), { name: 'KafkaJSSASLAuthenticationError' }), /^Kafka rejects the login/],
    [new KafkaJSNonRetriableError(new Error('other')), /^Kafka is unreachable/],
    [new Error('WRONGPASS invalid username-password pair'), /^Redis rejects the login/],
    [new Error('NOAUTH Authentication required.'), /^Redis rejects the login/],
    [new Error("NOPERM this user has no permissions to run the 'flushall' command"), /^Redis gives the user/],
  ])('%s', (error, said) => {
    expect(describeUnreachable(error)).toMatch(said)
  })

  it('says it also of the error that kafkajs gives up with', () => {
    const given = Object.assign(new KafkaJSNonRetriableError(new Error('retries')), {
      cause: refusal('CLUSTER_AUTHORIZATION_FAILED'),
    })
    expect(describeUnreachable(given)).toMatch(/no right/)
  })

  it('says nothing of another error', () => {
    expect(describeUnreachable(new Error('a bug'))).toBeNull()
  })
})
