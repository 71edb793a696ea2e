/** Environment variables of Kafka, the schema registry, Redis and ClickHouse: where they are, and the logins. */
import type { KeyTable } from './key-spec.ts'

export const DEPENDENCIES = {
  KAFKA_BROKERS: { type: 'list', default: '127.0.0.1:9092', description: 'Kafka brokers, comma-separated host:port' },
  KAFKA_TLS: { type: 'boolean', default: 'false', description: 'Use TLS for the connections to Kafka' },
  KAFKA_TLS_CA_FILE: {
    type: 'string',
    default: '',
    description: 'PEM file of the certificate authority of the brokers; default those of Node.js',
  },
  KAFKA_SASL_MECHANISM: {
    type: 'string',
    default: '',
    oneOf: ['', 'plain', 'scram-sha-256', 'scram-sha-512'],
    description: 'SASL mechanism',
  },
  KAFKA_SASL_USERNAME: { type: 'string', default: '', description: 'SASL user' },
  KAFKA_SASL_PASSWORD: { type: 'string', default: '', secret: true, description: 'SASL password' },
  SCHEMA_REGISTRY_URL: {
    type: 'url',
    default: 'http://127.0.0.1:8081/apis/ccompat/v7',
    description: 'Confluent-compatible schema registry',
  },
  SCHEMA_REGISTRY_TLS_CA_FILE: {
    type: 'string',
    default: '',
    description:
      'PEM file of the certificate authority of the registry, whose address is https://; default those of Node.js',
  },
  SCHEMA_REGISTRY_USERNAME: { type: 'string', default: '', description: 'Registry user' },
  SCHEMA_REGISTRY_PASSWORD: { type: 'string', default: '', secret: true, description: 'Registry password' },
  REDIS_URL: {
    type: 'url',
    default: 'redis://127.0.0.1:6379',
    secret: true,
    description: 'Redis; rediss:// for TLS. A login in it goes before the next two',
  },
  REDIS_TLS_CA_FILE: {
    type: 'string',
    default: '',
    description: 'PEM file of the certificate authority of Redis, whose address is rediss://; default those of Node.js',
  },
  REDIS_USERNAME: { type: 'string', default: '', description: 'Redis user' },
  REDIS_PASSWORD: { type: 'string', default: '', secret: true, description: 'Redis password' },
  CLICKHOUSE_URL: { type: 'url', default: 'http://127.0.0.1:8123', description: 'ClickHouse HTTP interface' },
  CLICKHOUSE_TLS_CA_FILE: {
    type: 'string',
    default: '',
    description:
      'PEM file of the certificate authority of ClickHouse, whose address is https://; default those of Node.js',
  },
  CLICKHOUSE_USER: { type: 'string', default: 'default', description: 'ClickHouse user' },
  CLICKHOUSE_PASSWORD: { type: 'string', default: '', secret: true, description: 'ClickHouse password' },
  CLICKHOUSE_DATABASE: { type: 'string', default: 'chainon', description: 'ClickHouse database of the warehouse' },
} as const satisfies KeyTable
