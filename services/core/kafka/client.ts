/** The Kafka client of every service, from its configuration. */
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'
import { authority } from '../config/authority.ts'
import type { Config } from '../config/read.ts'
import type { Logger } from '../telemetry/logger.ts'
import { restWhenIdle } from './internals.ts'
import { keepCommitted } from './keep-committed.ts'
import { tolerateLeaderless } from './tolerate-leaderless.ts'

export const KAFKA_KEYS = [
  'KAFKA_BROKERS',
  'KAFKA_TLS',
  'KAFKA_TLS_CA_FILE',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_SASL_USERNAME',
  'KAFKA_SASL_PASSWORD',
  'CHAINON_NAMESPACE',
] as const

/** Largest message batch that is sent: brokers reject more than `message.max.bytes`, which `provision` sets to 8 MiB for its topics. */
export const MAX_PRODUCE_BYTES = 4 * 1024 * 1024
/** kafkajs 2.2.4 copies the list of a partition's messages once for each message: beyond a thousand this is most of a send's cost. */
export const MAX_PRODUCE_MESSAGES = 1000
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024

/** @throws ConfigurationError when the file of its certificate authority cannot be used */
export function kafkaClient(service: string, config: Config<(typeof KAFKA_KEYS)[number]>, logger: Logger): Kafka {
  restWhenIdle()
  const options: KafkaConfig = {
    clientId: `chainon-${service}`,
    brokers: [...config.KAFKA_BROKERS],
    connectionTimeout: 3000,
    // A broker that accepts a connection and never answers: each request ends, and a broker that returns is found within a second.
    requestTimeout: 10_000,
    authenticationTimeout: 5000,
    retry: { initialRetryTime: 100, retries: 8, maxRetryTime: 1000 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, level, log }) => {
        // At the first connection kafkajs logs as an error that a coordinator is loading; it retries by itself.
        const write = level === logLevel.ERROR ? logger.warn.bind(logger) : logger.debug.bind(logger)
        write(
          { event: 'kafka-client', module: namespace, error: typeof log.error === 'string' ? log.error : undefined },
          log.message,
        )
      },
  }
  const ca = authority('KAFKA_TLS_CA_FILE', config.KAFKA_TLS_CA_FILE, config.KAFKA_TLS, 'KAFKA_TLS must be true')
  if (config.KAFKA_TLS) options.ssl = ca ? { ca: [ca] } : true
  if (config.KAFKA_SASL_MECHANISM) {
    options.sasl = {
      mechanism: config.KAFKA_SASL_MECHANISM,
      username: config.KAFKA_SASL_USERNAME,
      password: config.KAFKA_SASL_PASSWORD,
    } as SASLOptions
  }
  return keepCommitted(tolerateLeaderless(new Kafka(options)))
}
