/** HAPI as a sender of HL7 v2: another implementation builds, encodes and sends the messages, and reads the acknowledgements. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { FAULTS } from '#core/faults/codes.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { findJava } from '#core/java/java.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { componentFolder, installComponents } from '../../../deploy/local/components/install.ts'
import { componentsFolder } from '../../../deploy/local/paths.ts'

/** Values by the paths of HAPI's Terser (`/.PID-3(1)-5`), in the order in which they are set; `STRUCTURE` and `SEGMENT` come first. */
export type Values = ReadonlyArray<readonly [path: string, value: string]>

export interface Hapi {
  /** @returns each acknowledgement: MSA-1, MSA-2, and of each ERR its place, condition and severity */
  send(acks: number, values: Values): Promise<readonly string[]>
  /** @returns the message in the character set of its MSH-18 */
  encode(values: Values): Promise<Buffer>
  stop(): Promise<void>
}

/**
 * @param port of an MLLP listener on this machine
 * @returns why there is none: HAPI cannot be fetched, or Java has no compiler
 * @throws ConfigurationError without Java, and when what was fetched has not the pinned SHA-256
 */
export async function startHapi(port: number): Promise<Hapi | string> {
  const cache = componentsFolder(process.env)
  const { command } = findJava({ program: 'HAPI', home: process.env.JAVA_HOME ?? '', env: process.env })
  try {
    await installComponents(cache, ['hapi'], process.env, new AbortController().signal)
  } catch (error) {
    // Bytes that are not the pinned ones are a failure.
    if (error instanceof ChainonError && FAULTS[error.code].blame === 'dependency') return error.message
    throw error
  }
  const child = spawn(
    ...stopWithParent(
      command,
      [
        ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx256m', '-cp'],
        ...[
          join(componentFolder(cache, 'hapi'), 'lib', '*'),
          join(import.meta.dirname, 'HapiClient.java'),
          String(port),
        ],
      ],
      'KILL',
    ),
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  let errors = ''
  child.stderr.on('data', (piece: Buffer) => {
    errors += piece.toString()
  })
  const exit = once(child, 'exit')
  const killAtEnd = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtEnd)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`HAPI ended: ${errors}`)
    return value
  }
  const ask = async (...words: readonly string[]) => {
    child.stdin.write(`${words.join(' ')}\n`)
    const answer = await next()
    if (answer.startsWith('error ')) throw new Error(decoded(answer.slice(6)))
    return answer
  }
  if ((await lines.next()).done) {
    await exit
    process.off('exit', killAtEnd)
    if (/Module jdk\.compiler not/.test(errors)) return 'this Java has no compiler (a JRE)'
    throw new Error(`HAPI did not start: ${errors}`)
  }
  return {
    async send(acks, values) {
      const answer = await ask('send', String(acks), ...values.map(word))
      return answer === '' ? [] : answer.split(' ').map((one) => one.split(',').map(decoded).join(' '))
    },
    encode: async (values) => Buffer.from(await ask('encode', ...values.map(word)), 'base64'),
    async stop() {
      child.stdin.end()
      await exit
      process.off('exit', killAtEnd)
    },
  }
}

function word([path, value]: Values[number]): string {
  return `${encodeURIComponent(path)}=${encodeURIComponent(value)}`
}

function decoded(word: string): string {
  return decodeURIComponent(word.replaceAll('+', ' '))
}
