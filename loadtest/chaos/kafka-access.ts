/** How the harness reaches the Kafka under test: past the proxies, as its administrator. */
import type { KafkaConfig } from 'kafkajs'
import { localLogin } from '../../deploy/local/logins.ts'

export type KafkaAccess = Pick<KafkaConfig, 'brokers' | 'sasl'>

/** @param broker `host:port` @param data folder of the stack */
export function administrator(broker: string, data: string): KafkaAccess {
  const { KAFKA_SASL_USERNAME: username = '', KAFKA_SASL_PASSWORD: password = '' } = localLogin('kafka', data, 'admin')
  return { brokers: [broker], sasl: { mechanism: 'scram-sha-512', username, password } }
}
