/**
 * One connection: its messages one after the other, each acknowledged before the next is read. While one is stored the socket is not read, so that
 * a sender that is faster than Kafka is slowed by TCP, and not kept in memory.
 */
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { FAULTS } from '#core/faults/codes.ts'
import { headerSegment } from '../decode/hl7/header.ts'
import type { InFlight, Ticket } from '../http/in-flight.ts'
import { acknowledgements } from './acknowledgement.ts'
import type { MllpEvents } from './events.ts'
import { type Framed, Framer, frame } from './framer.ts'
import { type Outcome, outcomeOfProblem, rejection } from './outcome.ts'

/** A frame must be complete within this: one that is never finished occupies memory. */
const FRAME_TIMEOUT_MS = 120_000
/** A sender reads the end of its connection within this. */
const END_MS = 1_000

export interface ConnectionDependencies {
  readonly listener: string
  readonly inFlight: InFlight
  readonly maxMessageBytes: number
  readonly events: MllpEvents
  /** Never rejects. */
  readonly handle: (message: Buffer) => Promise<Outcome>
}

export interface Connection {
  /** Ends the connection when the messages that were received are acknowledged. */
  drain(): void
  /** Ends it now. */
  destroy(): void
}

/** @param onClose called once, when the connection is closed */
export function serveConnection(dependencies: ConnectionDependencies, socket: Socket, onClose: () => void): Connection {
  const { listener, events, inFlight, maxMessageBytes } = dependencies
  const framer = new Framer(maxMessageBytes)
  let ticket: Ticket | undefined
  let timer: NodeJS.Timeout | undefined
  let working = false
  let draining = false

  const release = () => {
    ticket?.release()
    ticket = undefined
    clearTimeout(timer)
    timer = undefined
  }

  /** The last acknowledgement is sent; a sender that keeps its side open does not keep the gateway. */
  const end = () => {
    socket.end()
    setTimeout(() => socket.destroy(), END_MS).unref()
  }

  async function answer(message: Buffer, outcome: Outcome): Promise<void> {
    events.message(listener, outcome.code)
    for (const one of acknowledgements(
      headerSegment(message),
      outcome,
      Date.now(),
      randomUUID().replaceAll('-', '').slice(0, 20),
    )) {
      if (socket.writable && !socket.write(frame(one))) await drained(socket)
    }
  }

  async function take(framed: Framed): Promise<void> {
    switch (framed.kind) {
      case 'message':
        return await answer(framed.bytes, await dependencies.handle(framed.bytes))
      case 'too-large':
        events.framing(listener, framed.kind)
        return await answer(framed.head, rejection('record-too-large', FAULTS['record-too-large'].text))
      case 'no-room':
        events.framing(listener, framed.kind)
        return await answer(framed.head, noRoom())
      case 'truncated':
      case 'stray':
        events.framing(listener, framed.kind)
        return
    }
  }

  /** @returns false when there is no room for the bytes: the sender is told, and may send again */
  function reserve(bytes: number): boolean {
    ticket ??= inFlight.reserve(0)
    return ticket?.growTo(bytes) ?? false
  }

  async function receive(piece: Buffer): Promise<void> {
    // What is not complete before, and this piece: the most that is in memory now.
    const room = reserve(framer.bytes + piece.length)
    for (const framed of framer.push(piece)) {
      const full = framed.kind === 'message' && !room
      await take(full ? { kind: 'no-room', head: framed.bytes } : framed)
    }
    release()
    if (!framer.open) return
    if (!reserve(framer.bytes)) framer.discard('no-room')
    timer = setTimeout(() => socket.destroy(), FRAME_TIMEOUT_MS)
    timer.unref()
  }

  socket.setNoDelay(true)
  socket.setKeepAlive(true, 60_000)
  // An error event without a listener would end the process; the close that follows does the rest.
  socket.on('error', () => undefined)
  socket.on('data', (piece: Buffer) => {
    working = true
    socket.pause()
    void receive(piece).finally(() => {
      working = false
      if (draining && !framer.open) end()
      else socket.resume()
    })
  })
  socket.once('close', () => {
    if (framer.open) events.framing(listener, 'unfinished')
    release()
    onClose()
  })
  return {
    drain() {
      draining = true
      if (!working && !framer.open) end()
    },
    destroy: () => socket.destroy(),
  }
}

/** The sender may send it again. */
function noRoom(): Outcome {
  const { status, text: title } = FAULTS['too-many-in-flight']
  return outcomeOfProblem({ code: 'too-many-in-flight', status, title })
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.once('drain', done)
    socket.once('close', done)
  })
}
