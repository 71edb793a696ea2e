/** A Kafka broker of one test, which may be killed, frozen, and given back a log that has lost its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findJava } from '#core/java/java.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { archiveOptions } from '../../deploy/local/components/class-archive.ts'
import { kafka as kafkaSpec } from '../../deploy/local/components/kafka.ts'
import { componentsFolder, dataPaths } from '../../deploy/local/paths.ts'
import { servers } from './servers.ts'
import { freePort } from './services.ts'

export interface OwnKafka {
  /** What the services need: KAFKA_BROKERS. Users and passwords are those of the shared Kafka. */
  readonly env: Readonly<Record<string, string>>
  /** Where it has TLS, with a certificate. */
  readonly tlsPort: number
  /** SIGKILL. */
  kill(): Promise<void>
  start(): Promise<void>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /**
   * Takes the messages from an offset on out of the log of a partition, as a disk that lost its end or an unclean election does.
   * The broker must not run. Messages that were produced in one request stay or go together.
   */
  truncate(topic: string, partition: number, offset: bigint): void
  stop(): Promise<void>
}

/**
 * Starts the broker of the local stack, with its configuration, on free ports.
 * @param tls PEM file of the certificate and the key of a further listener
 */
export async function startOwnKafka(tls?: string): Promise<OwnKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-kafka-'))
  const cache = componentsFolder(process.env)
  const java = findJava({ program: 'Kafka', home: process.env.JAVA_HOME ?? '', env: process.env })
  const tlsPort = tls ? await freePort() : 0
  const spec = kafkaSpec({
    java: java.command,
    // The first compiler tier only: a broker of some seconds starts faster.
    jvm: ['-XX:TieredStopAtLevel=1', ...archiveOptions(cache, 'kafka', java.build)],
    cache,
    data: folder,
    logins: dataPaths(servers().CHAINON_DATA_DIR ?? '').kafkaLogins,
    port: await freePort(),
    controllerPort: await freePort(),
    partitions: '1',
    listeners: tls ? [{ name: 'TLS', port: tlsPort, advertised: tlsPort, tls }] : [],
    own: process.env,
  })
  let child: ChildProcess | undefined
  async function start(): Promise<void> {
    await spec.prepare?.()
    child = spawn(...stopWithParent(spec.command, spec.args, 'KILL'), { stdio: 'ignore' })
    while (!(await spec.ready().catch(() => false))) {
      if (child.exitCode !== null) throw new Error(`Kafka ended with ${child.exitCode}`)
      await sleep(50)
    }
  }
  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await start()
  const killAtEnd = (): void => void child?.kill('SIGKILL')
  process.once('exit', killAtEnd)
  return {
    env: { KAFKA_BROKERS: spec.url },
    tlsPort,
    kill,
    start,
    signal: (name) => void child?.kill(name),
    truncate: (topic, partition, offset) => cut(join(folder, 'kafka', 'log', `${topic}-${partition}`), offset),
    async stop() {
      process.off('exit', killAtEnd)
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Format: https://kafka.apache.org/documentation/#recordbatch. The broker makes indexes and checkpoints fit when it starts. */
function cut(folder: string, offset: bigint): void {
  const base = (name: string) => BigInt(name.slice(0, name.indexOf('.')))
  for (const name of readdirSync(folder).filter((entry) => /^\d{20}\./.test(entry))) {
    const file = join(folder, name)
    if (base(name) >= offset && base(name) > 0n) {
      rmSync(file)
    } else if (name.endsWith('.log')) {
      const bytes = readFileSync(file)
      let at = 0
      while (at < bytes.length && bytes.readBigInt64BE(at) < offset) at += 12 + bytes.readInt32BE(at + 8)
      truncateSync(file, at)
    }
  }
}
