/**
 * Kafka, registry, Redis and ClickHouse behind TLS with an authority of one's own: all programs use it, and none goes on with a server whose
 * certificate is another's. Kafka has a listener of its own with TLS and logins; the others have TLS before them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clickhouseClient } from '#core/clickhouse/client.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { createProbes, type ProbedComponent } from '../../services/console/collectors/probes.ts'
import { consoleConfig } from '../../services/console/config.ts'
import { type OwnKafka, startOwnKafka } from '../helpers/own-kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { servers, withLogin } from '../helpers/servers.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'
import { type Authority, type Certificate, type Front, makeAuthority, tlsFront } from '../helpers/tls.ts'

const COMPONENTS = ['kafka', 'registry', 'redis', 'clickhouse'] as const satisfies readonly ProbedComponent[]
const folder = mkdtempSync(join(tmpdir(), 'chainon-tls-'))
const fronts: Front[] = []
let authority: Authority
let broker: OwnKafka
let line: Pipeline

/** @returns ports of registry, Redis and ClickHouse with TLS */
async function portsOf(certificate: Certificate): Promise<Record<'registry' | 'redis' | 'clickhouse', number>> {
  const { SCHEMA_REGISTRY_URL = '', REDIS_URL = '', CLICKHOUSE_URL = '' } = servers()
  const made = await Promise.all(
    [SCHEMA_REGISTRY_URL, REDIS_URL, CLICKHOUSE_URL].map((url) => tlsFront(Number(new URL(url).port), certificate)),
  )
  fronts.push(...made)
  const [registry = 0, redis = 0, clickhouse = 0] = made.map(({ port }) => port)
  return { registry, redis, clickhouse }
}

function addresses(ports: Readonly<Record<ProbedComponent, number>>, file: string): Record<string, string> {
  return {
    KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
    KAFKA_TLS: 'true',
    KAFKA_TLS_CA_FILE: file,
    SCHEMA_REGISTRY_URL: `https://127.0.0.1:${ports.registry}/apis/ccompat/v7`,
    SCHEMA_REGISTRY_TLS_CA_FILE: file,
    REDIS_URL: `rediss://127.0.0.1:${ports.redis}`,
    REDIS_TLS_CA_FILE: file,
    CLICKHOUSE_URL: `https://127.0.0.1:${ports.clickhouse}`,
    CLICKHOUSE_TLS_CA_FILE: file,
  }
}

beforeAll(async () => {
  authority = makeAuthority(folder, 'authority')
  const certificate = authority.issue('IP:127.0.0.1')
  broker = await startOwnKafka(certificate.both)
  const ports = { ...(await portsOf(certificate)), kafka: broker.tlsPort }
  line = await startPipeline(addresses(ports, authority.file))
})
afterAll(async () => {
  await line?.stop()
  await broker?.stop()
  for (const front of fronts) front.close()
  rmSync(folder, { recursive: true })
})

test('a record goes from the gateway to ClickHouse over encrypted connections alone', async () => {
  await line.push('chu', 'death', [recordOf('death', 'd-1', 'ipp-1')])
  await line.completeLedger()
  expect(await line.rows('SELECT count() AS n FROM death')).toEqual([{ n: 1 }])
  expect(fronts.map((front) => front.connections() > 0)).toEqual([true, true, true])
})

/** @returns what the console is told of each, as it asks them */
async function asked(more: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const config = consoleConfig(withLogin('console', { ...line.env, ...more }))
  const logger = createLogger('test', 'fatal')
  const clickhouse = clickhouseClient('test', config)
  const probes = createProbes(config, kafkaClient('test', config, logger), clickhouse, logger)
  const found = COMPONENTS.map(async (name) => {
    const answer = await probes[name].check().then(
      () => 'answers',
      () => 'refused',
    )
    return [name, answer] as const
  })
  const all = Object.fromEntries(await Promise.all(found))
  await Promise.all(COMPONENTS.map((name) => probes[name].close()))
  await clickhouse.close()
  return all
}

const all = (answer: string) => Object.fromEntries(COMPONENTS.map((name) => [name, answer]))

describe('the certificate of a server', () => {
  test('of the authority is taken', async () => {
    expect(await asked({})).toEqual(all('answers'))
  })

  test('of another authority, or of none that is named, is refused', async () => {
    const { file } = makeAuthority(folder, 'another')
    const names = Object.keys(line.env).filter((name) => name.endsWith('_TLS_CA_FILE'))
    expect(names).toHaveLength(4)
    const answers = [file, ''].map((other) => asked(Object.fromEntries(names.map((name) => [name, other]))))
    expect(await Promise.all(answers)).toEqual([all('refused'), all('refused')])
  })

  test('of the authority with the name of another server is refused', async () => {
    const certificate = authority.issue('DNS:elsewhere.example')
    const kafka = await tlsFront(Number(broker.env.KAFKA_BROKERS?.split(':')[1]), certificate)
    fronts.push(kafka)
    const ports = { ...(await portsOf(certificate)), kafka: kafka.port }
    expect(await asked(addresses(ports, authority.file))).toEqual(all('refused'))
  })
})
