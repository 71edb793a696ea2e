/**
 * A Kafka of two brokers for one test: the first is the controller too, the second a broker only, which may be killed and started again.
 * Topics have one replica, so a partition of the second broker has no leader while that one is away.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findJava } from '#core/java/java.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { archiveOptions } from '../../deploy/local/components/class-archive.ts'
import { kafka } from '../../deploy/local/components/kafka.ts'
import { componentsFolder, dataPaths } from '../../deploy/local/paths.ts'
import { kafkaReady } from '../../deploy/local/probes.ts'
import { servers } from './servers.ts'
import { freePort } from './services.ts'

export interface TwoBrokers {
  /** Value of KAFKA_BROKERS: both. Users and passwords are those of the shared Kafka. */
  readonly brokers: string
  /** The second broker ends at once, without a word to the controller (SIGKILL), or after it has said so (SIGTERM). */
  endSecond(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** The second broker hangs: its connections stay, and nothing is answered until it is thawed. */
  freezeSecond(): void
  thawSecond(): void
  /** Starts the second broker with its data; ready when it serves. */
  startSecond(): Promise<void>
  stop(): Promise<void>
}

export async function startTwoBrokers(): Promise<TwoBrokers> {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-brokers-'))
  const cache = componentsFolder(process.env)
  const { command: java, build } = findJava({ program: 'Kafka', home: process.env.JAVA_HOME ?? '', env: process.env })
  const [port, controllerPort, secondPort] = [await freePort(), await freePort(), await freePort()]
  const spec = kafka({
    java,
    // The first compiler tier only: a broker of some seconds starts faster.
    jvm: ['-XX:TieredStopAtLevel=1', ...archiveOptions(cache, 'kafka', build)],
    cache,
    data: folder,
    logins: dataPaths(servers().CHAINON_DATA_DIR ?? '').kafkaLogins,
    port,
    controllerPort,
    partitions: '1',
    listeners: [],
    own: process.env,
  })
  const children = new Map<string, ChildProcess>()
  const killAll = (): void => children.forEach((child) => void child.kill('SIGKILL'))
  process.once('exit', killAll)
  const start = async (name: string, args: readonly string[], serves: () => Promise<boolean>) => {
    const child = spawn(...stopWithParent(java, args, 'KILL'), { stdio: 'ignore' })
    children.set(name, child)
    while (!(await serves().catch(() => false))) {
      if (child.exitCode !== null) throw new Error(`the ${name} broker ended with ${child.exitCode}`)
      await sleep(50)
    }
  }
  const end = async (name: string, signal: NodeJS.Signals) => {
    const child = children.get(name)
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }

  await spec.prepare?.()
  const properties = spec.args.at(-1) ?? ''
  const second = join(folder, 'second')
  const secondProperties = join(second, 'server.properties')
  mkdirSync(second)
  writeFileSync(secondProperties, brokerOnly(readFileSync(properties, 'utf8'), secondPort, join(second, 'log')))
  const secondReady = () => kafkaReady(secondPort)
  const secondArgs = [...spec.args.slice(0, -1), secondProperties]
  const clusterId = /^cluster\.id=(.+)$/m.exec(readFileSync(join(folder, 'kafka/log/meta.properties'), 'utf8'))?.[1]
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId ?? '', '-c', secondProperties]
  const [status] = (await once(
    spawn(...stopWithParent(java, [...spec.args.slice(0, -2), ...format], 'KILL'), { stdio: 'ignore' }),
    'exit',
  )) as [number | null]
  if (status !== 0) throw new Error(`the folder of the second broker could not be formatted (${status})`)
  await start('first', spec.args, spec.ready)
  await start('second', secondArgs, secondReady)
  return {
    brokers: `127.0.0.1:${port},127.0.0.1:${secondPort}`,
    endSecond: (signal) => end('second', signal),
    freezeSecond: () => void children.get('second')?.kill('SIGSTOP'),
    thawSecond: () => void children.get('second')?.kill('SIGCONT'),
    startSecond: () => start('second', secondArgs, secondReady),
    async stop() {
      process.off('exit', killAll)
      await end('second', 'SIGKILL')
      await end('first', 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The properties of the first broker, for one that is no controller. */
function brokerOnly(properties: string, port: number, log: string): string {
  const own: Readonly<Record<string, string>> = {
    'process.roles': 'broker',
    'node.id': '2',
    listeners: `CLIENT://127.0.0.1:${port}`,
    'advertised.listeners': `CLIENT://127.0.0.1:${port}`,
    'log.dirs': log,
  }
  return properties.replace(/^([^=]+)=.*$/gm, (line, name: string) => (name in own ? `${name}=${own[name]}` : line))
}
