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

export interface MllpAnswer {
  /** MSA-1: `AA` when the message is stored. */
  readonly code: string
  /** Without MSH and MSA: an acknowledgement repeats whose message it acknowledges. */
  readonly bytes: Buffer
}

/** @throws ChainonError dependency-unavailable when the listener does not answer, or ends the connection before it has answered all messages */
export async function sendOverMllp(
  { host, port }: MllpListener,
  messages: readonly string[],
): Promise<readonly MllpAnswer[]> {
  const socket = connect({ host, port })
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('timeout')))
  try {
    await once(socket, 'connect')
    const pieces = socket.iterator({ destroyOnReturn: false })
    const answers: MllpAnswer[] = []
    let received = ''
    for (const message of messages) {
      socket.write(`${START}${message}${END}`)
      while (!received.includes(END)) {
        const piece = await pieces.next()
        if (piece.done === true) throw new Error('the connection ended')
        received += (piece.value as Buffer).toString('latin1')
      }
      const [answer = ''] = received.split(END)
      received = received.slice(answer.length + END.length)
      answers.push(answerOf(answer))
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

function answerOf(text: string): MllpAnswer {
  const segments = text.split('\r')
  const rest = segments.filter((segment) => !/^\W?(?:MSH|MSA)/.test(segment))
  return {
    code: segments.find((segment) => segment.startsWith('MSA|'))?.split('|')[1] ?? '',
    bytes: Buffer.from(rest.join('\r'), 'latin1'),
  }
}
