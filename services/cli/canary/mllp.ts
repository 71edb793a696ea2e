/** Canaries over MLLP, to a listener that accepts the sender. Its records belong to the producer of the listener. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { ChainonError } from '#core/faults/errors.ts'
import type { Hl7Sender } from './messages.ts'

export interface MllpListener extends Hl7Sender {
  readonly host: string
  readonly port: number
}

const START = '\u000b'
const END = '\u001c\r'
const TIMEOUT_MS = 30_000

/** @returns the answers, without MSH and MSA: an acknowledgement repeats whose message it acknowledges */
export async function sendOverMllp(
  { host, port }: MllpListener,
  messages: readonly string[],
): Promise<readonly Buffer[]> {
  const socket = connect({ host, port })
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('timeout')))
  try {
    await once(socket, 'connect')
    const answers: Buffer[] = []
    let received = ''
    socket.on('data', (piece: Buffer) => {
      received += piece.toString('latin1')
    })
    for (const message of messages) {
      socket.write(`${START}${message}${END}`)
      while (!received.includes(END)) await once(socket, 'data')
      const [answer = ''] = received.split(END)
      received = received.slice(answer.length + END.length)
      const segments = answer.split('\r').filter((segment) => !/^\W?(?:MSH|MSA)/.test(segment))
      answers.push(Buffer.from(segments.join('\r'), 'latin1'))
    }
    return answers
  } catch (error) {
    throw new ChainonError('dependency-unavailable', `The MLLP listener at ${host}:${port} does not answer.`, {
      cause: error,
    })
  } finally {
    socket.destroy()
  }
}
