/** Apache ZooKeeper for one test, as the Keeper of a replicated ClickHouse, and a connection to it that can be held. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findJava } from '#core/java/java.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { componentFolder, installComponents } from '../../deploy/local/components/install.ts'
import { componentsFolder } from '../../deploy/local/paths.ts'
import { freePort } from './services.ts'

export interface ZooKeeper {
  readonly port: number
  stop(): Promise<void>
}

/** @param folder of its data; made before */
export async function startZooKeeper(folder: string): Promise<ZooKeeper> {
  const cache = componentsFolder(process.env)
  await installComponents(cache, ['zookeeper'], process.env, new AbortController().signal)
  const java = findJava({ program: 'ZooKeeper', home: process.env.JAVA_HOME ?? '', env: process.env })
  const port = await freePort()
  const config = join(folder, 'zoo.cfg')
  writeFileSync(
    config,
    `tickTime=250
dataDir=${join(folder, 'zookeeper')}
clientPortAddress=127.0.0.1
clientPort=${port}
admin.enableServer=false
4lw.commands.whitelist=ruok
`,
  )
  const child = spawn(
    ...stopWithParent(
      java.command,
      [
        ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp'],
        ...[join(componentFolder(cache, 'zookeeper'), 'lib', '*'), 'org.apache.zookeeper.server.ZooKeeperServerMain'],
        config,
      ],
      'KILL',
    ),
    { stdio: 'ignore' },
  )
  const exit = once(child, 'exit')
  const killChild = (): void => void child.kill('SIGKILL')
  process.once('exit', killChild)
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`ZooKeeper ended with ${child.exitCode}`)
    await sleep(100)
  }
  return {
    port,
    async stop() {
      process.off('exit', killChild)
      killChild()
      await exit
    },
  }
}

/** ZooKeeper answers the word `ruok` with `imok`. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    socket.write('ruok')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return answer.toString() === 'imok'
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** What happens to the transaction that commits a part: it never arrives, or it is done and its answer never comes. */
type Hold = 'request' | 'answer'

export interface HeldConnection {
  readonly port: number
  /** Holds the next transaction that contains the text. @returns when it is held */
  hold(what: Hold, text: string): Promise<void>
  stop(): void
}

/** A relay before ZooKeeper. Its frames are a length of four bytes and so many bytes: the number of the request, its kind, its body. */
export async function heldConnection(zookeeper: number): Promise<HeldConnection> {
  const MULTI = 14
  let next: { what: Hold; text: string; held: () => void } | undefined
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(zookeeper, '127.0.0.1')
    let unread = Buffer.alloc(0)
    let silent: Hold | undefined
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => [client, upstream].forEach((one) => one.destroy()))
    }
    client.on('data', (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk])
      while (unread.length >= 4 && unread.length >= 4 + unread.readUInt32BE(0)) {
        const end = 4 + unread.readUInt32BE(0)
        const frame = unread.subarray(0, end)
        unread = unread.subarray(end)
        const multi = frame.length > 12 && frame.readInt32BE(8) === MULTI
        if (next && multi && frame.includes(next.text)) {
          silent = next.what
          next.held()
          next = undefined
        }
        if (silent !== 'request') upstream.write(frame)
      }
    })
    upstream.on('data', (chunk: Buffer) => silent ?? client.write(chunk))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    hold: (what, text) =>
      new Promise((resolve) => {
        next = { what, text, held: resolve }
      }),
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
