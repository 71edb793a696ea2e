/**
 * Apache Kafka, one node in KRaft mode: broker and controller in one process, on 127.0.0.1 only. Nobody uses it without a password, and
 * nobody but the administrator and `provision` has a right that no ACL gives.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ChainonError } from '#core/faults/errors.ts'
import { KAFKA_SUPER_USERS, KAFKA_USERS } from '#core/kafka/users.ts'
import { kafkaKnows, setKafkaUsers } from '../kafka-users.ts'
import { passwordOf } from '../passwords.ts'
import { kafkaReady } from '../probes.ts'
import type { ProcessSpec } from '../types.ts'
import { componentFolder } from './install.ts'

/** One more address of the broker, for one client: behind a proxy of that client, the broker must tell it the proxy's port. */
export interface KafkaListener {
  /** Upper case letters. */
  readonly name: string
  readonly port: number
  /** Port on 127.0.0.1 that the broker tells to the clients of this listener. */
  readonly advertised: number
  /** PEM file of its certificate, with the chain and the unencrypted key; without one the listener has no TLS. */
  readonly tls?: string
}

export interface KafkaOptions {
  readonly java: string
  /** More options of the JVM; see class-archive.ts. */
  readonly jvm: readonly string[]
  readonly cache: string
  readonly data: string
  /** Folder of the passwords of its users, made when missing. */
  readonly logins: string
  readonly port: number
  readonly controllerPort: number
  readonly partitions: string
  readonly listeners: readonly KafkaListener[]
  /** For the program that formats the data folder. */
  readonly own: NodeJS.ProcessEnv
}

/** The broker's own login at the controller; it is no user of the other listeners. */
const CONTROLLER = 'controller'
const BROKER = KAFKA_SUPER_USERS[0]

export function kafka(options: KafkaOptions): ProcessSpec {
  const login = (user: string) => ({ user, password: passwordOf(options.logins, user) })
  let usersAreSet = false
  const folder = join(options.data, 'kafka')
  const properties = join(folder, 'server.properties')
  const logging = join(folder, 'log4j2.properties')
  const classpath = join(componentFolder(options.cache, 'kafka'), 'lib', '*')
  const jvm = [`-Dlog4j2.configurationFile=${logging}`, '-cp', classpath]
  return {
    name: 'kafka',
    url: `127.0.0.1:${options.port}`,
    command: options.java,
    // The serial collector: half the threads and 100 MB less than G1 for a broker of this size.
    args: [
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      '-Djava.awt.headless=true',
      ...options.jvm,
      ...jvm,
      'kafka.Kafka',
      properties,
    ],
    env: {},
    prepare: async () => {
      usersAreSet = false
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(properties, serverProperties(options, join(folder, 'log')), { mode: 0o600 })
      writeFileSync(logging, LOG4J2, { mode: 0o600 })
      if (!existsSync(join(folder, 'log', 'meta.properties')))
        await format(options, jvm, properties, join(folder, 'log'))
    },
    ready: async () => {
      if (!(await kafkaReady(options.port))) return false
      // At each start: a data folder of before has none, and a password file may have been made again.
      if (!usersAreSet)
        await setKafkaUsers(
          options.controllerPort,
          login(CONTROLLER),
          [...KAFKA_USERS, ...KAFKA_SUPER_USERS].map(login),
        )
      usersAreSet = true
      return kafkaKnows(options.port, BROKER)
    },
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
  }
}

function serverProperties(options: KafkaOptions, log: string): string {
  const own: KafkaListener = { name: 'CLIENT', port: options.port, advertised: options.port }
  const listeners = [own, ...options.listeners]
  const at = (name: string, port: number) => `${name}://127.0.0.1:${port}`
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${options.controllerPort}`,
    listeners: [...listeners.map(({ name, port }) => at(name, port)), at('CONTROLLER', options.controllerPort)].join(
      ',',
    ),
    'advertised.listeners': listeners.map(({ name, advertised }) => at(name, advertised)).join(','),
    'listener.security.protocol.map': [...listeners, { name: 'CONTROLLER', tls: undefined }]
      .map(({ name, tls }) => `${name}:${tls ? 'SASL_SSL' : 'SASL_PLAINTEXT'}`)
      .join(','),
    ...Object.fromEntries(listeners.flatMap(certificate)),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': own.name,
    ...logins(
      options,
      listeners.map(({ name }) => name),
    ),
    'log.dirs': log,
    // One node: the defaults of the internal topics need three.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 8,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'num.partitions': options.partitions,
    // Topics come from `provision`, with their retention; a misspelt topic must not create one.
    'auto.create.topics.enable': false,
    'message.max.bytes': 8 * 1024 ** 2,
    // Records stay until the check after their retention; Kafka's default is five minutes.
    'log.retention.check.interval.ms': 10_000,
    'replica.fetch.max.bytes': 8 * 1024 ** 2,
    'group.initial.rebalance.delay.ms': 0,
    // A killed broker may not register again before its old session ends; with the default, all clients wait for 9 s.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'num.io.threads': 4,
    'num.network.threads': 2,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 ** 2,
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

function certificate({ name, tls }: KafkaListener): readonly (readonly [string, string])[] {
  const prefix = `listener.name.${name.toLowerCase()}.ssl.keystore`
  return tls ? [[`${prefix}.type`, 'PEM'] as const, [`${prefix}.location`, tls] as const] : []
}

/** The controller has no users until it has started: the broker logs in there with a password of this file (mode 0600). */
function logins(
  { logins: folder }: KafkaOptions,
  listeners: readonly string[],
): Readonly<Record<string, string | boolean>> {
  const jaas = (module: string, user: string, more = '') =>
    `org.apache.kafka.common.security.${module} required username="${user}" password="${passwordOf(folder, user)}"${more};`
  const controller = jaas(
    'plain.PlainLoginModule',
    CONTROLLER,
    ` user_${CONTROLLER}="${passwordOf(folder, CONTROLLER)}"`,
  )
  return {
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': controller,
    ...Object.fromEntries(
      listeners.map((name) => [
        `listener.name.${name.toLowerCase()}.scram-sha-512.sasl.jaas.config`,
        jaas('scram.ScramLoginModule', BROKER),
      ]),
    ),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': false,
    'super.users': [CONTROLLER, ...KAFKA_SUPER_USERS].map((user) => `User:${user}`).join(';'),
  }
}

/** Without a configuration file the broker logs nothing; with log4j's shutdown hook it logs nothing while it stops. */
const LOG4J2 = `status = warn
shutdownHook = disable
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.kafka.name = org.apache.kafka
logger.kafka.level = info
logger.config.name = org.apache.kafka.common.config.AbstractConfig
logger.config.level = warn
`

/** What `kafka-storage format` does. An interrupted format leaves no meta.properties, so it is repeated. */
async function format(
  { java, own }: KafkaOptions,
  jvm: readonly string[],
  properties: string,
  log: string,
): Promise<void> {
  rmSync(log, { recursive: true, force: true })
  const clusterId = newClusterId()
  const args = [
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    ...jvm,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    clusterId,
    '-c',
    properties,
  ]
  const child = spawn(java, args, { env: own, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (output = `${output}${chunk}`.slice(-2_000)))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (status !== 0)
    throw new ChainonError('dependency-unavailable', `Kafka's data folder could not be formatted:\n${output}`)
}

/** A cluster id as Kafka makes them: 16 random bytes in base64url. One that begins with `-` would be read as an option. */
export function newClusterId(random: (bytes: number) => Buffer = randomBytes): string {
  for (;;) {
    const id = random(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}
