/**
 * `npm run loadtest:linker`: how fast the linker takes sealed encodings from Kafka, links them on its index in Redis and tells who is one person, until
 * its offsets are committed. Simulated registrations, encoded and sealed before as `deidentify` does. Exits with 1 when a record was refused or is not told.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Message } from 'kafkajs'
import { readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { topicOf } from '#core/contract/names.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { groupOffsets, topicExtent } from '#core/kafka/offsets.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import { packMessage } from '#core/linkage/message.ts'
import { normaliseTraits } from '#core/linkage/normalise-traits.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import type { Trait } from '#core/linkage/traits.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { startStack } from '../../deploy/local/stack.ts'
import { machine } from '../machine.ts'
import { makeKeys, runOnce, startService } from '../processes.ts'

const { values: flags } = parseArgs({ options: { records: { type: 'string', default: '100000' } } })
const records = Number(flags.records)
const PARTITIONS = 2
const SLICE = 500
const TICKS_A_SECOND = 100
const say = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`)
const folder = mkdtempSync(join(tmpdir(), 'chainon-load-'))
const logger = createLogger('loadtest', 'error')
const stack = await startStack({
  dataDir: join(folder, 'data'),
  ports: 'auto',
  services: 'none',
  env: process.env,
  say,
})

/** Fields of a line that `simulate` wrote. */
const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  )

/** Processor seconds of a process. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return (user + system) / TICKS_A_SECOND
}

function* sealedRecords(set: string, topic: string, secret: Buffer, feedsDir: string): Generator<Message> {
  const { traits } = JSON.parse(readFileSync(join(set, 'fields.json'), 'utf8')) as { traits: Record<Trait, string> }
  const [header = '', ...lines] = readFileSync(join(set, 'a.csv'), 'utf8').trimEnd().split('\n')
  const columns = fieldsOf(header)
  const at = Object.entries(traits).map(([trait, column]) => [trait, columns.indexOf(column)] as const)
  const encoder = recordEncoder(installationTraits(loadContracts(feedsDir)), Buffer.alloc(32, 1))
  const form = formOf(encoder)
  const level1 = pseudonymiser(1, Buffer.alloc(32, 2))
  const seal = linkageSeal(secret, topic)
  for (const [n, line] of lines.entries()) {
    const fields = fieldsOf(line)
    const normal = normaliseTraits(Object.fromEntries(at.map(([trait, i]) => [trait, fields[i] ?? ''])), 'YYYY-MM-DD')
    const message = {
      producer: 'hospital',
      patient: level1.pseudonym('patient', fields[0] ?? ''),
      record: level1.pseudonym('record', fields[0] ?? ''),
      version: 1,
      receivedAt: 1e15 + n,
      encoded: encoder.encode(normal),
    }
    const headers = { 'chainon-origin': String(n) }
    yield { value: seal.seal(packMessage(message, { form }), String(n)), headers, partition: n % PARTITIONS }
  }
}

try {
  const env = { ...process.env, ...stack.env }
  const config = readConfig('loadtest', [...KAFKA_KEYS, 'CHAINON_FEEDS_DIR', 'CHAINON_DATA_DIR'], env)
  const kafka = kafkaClient('loadtest', config, logger)
  await runOnce(['services/provision/main.ts'], { ...env, ...stack.login('provision') })
  const set = join(folder, 'set')
  say(`${records} simulated registrations`)
  await runOnce(
    ['services/cli/chainon.mjs', 'simulate', '--identities', set, '--records', String(records)],
    process.env,
  )
  // Among them the one under which encodings are sealed.
  await makeKeys((program) => ({ ...env, ...stack.login(program) }), folder)
  const secret = loadOrCreateSecret(join(config.CHAINON_DATA_DIR, 'secrets', 'linkage'), 'transport.key')
  const topic = topicOf('', 'linkage', 'patient')
  const producer = orderedProducer(kafka, logger)
  let slice: Message[] = []
  let sent = 0
  const flush = async () => {
    sent += slice.length
    await producer.send({ topic, acks: -1, messages: slice })
    slice = []
  }
  for (const message of sealedRecords(set, topic, secret, config.CHAINON_FEEDS_DIR)) {
    slice.push(message)
    if (slice.length === SLICE) await flush()
  }
  if (slice.length > 0) await flush()
  await producer.disconnect()
  const admin = kafka.admin()
  await admin.connect()
  say(`${sent} encodings wait`)
  const linker = await startService('linker', { ...env, ...stack.login('linker') }, folder)
  const committed = async () => {
    const [found] = await groupOffsets(admin, 'linker', [topic])
    return (found?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
  }
  let [begun, from, cpu] = [0, 0, 0]
  for (let at = 0; at < sent; await sleep(100)) {
    at = await committed()
    if (begun > 0 || at === 0) continue
    begun = performance.now()
    from = at
    cpu = cpuOf(linker.pid)
  }
  const seconds = (performance.now() - begun) / 1000
  const used = cpuOf(linker.pid) - cpu
  const metrics = await (await fetch(`${linker.url}/metrics`)).text()
  const told = (await topicExtent(admin, topicOf('', 'linked', 'patient'))).reduce(
    (sum, { high }) => sum + Number(high),
    0,
  )
  await admin.disconnect()
  await linker.stop()
  const result = {
    machine: machine(),
    records: sent,
    measured: sent - from,
    seconds: Math.round(seconds * 10) / 10,
    records_per_second: Math.round((sent - from) / seconds),
    linker_cpu_us_per_record: Math.round((used * 1e6) / (sent - from)),
    messages_told: told,
  }
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  if (told < sent || /chainon_faults_total/.test(metrics)) process.exitCode = 1
} finally {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
}
