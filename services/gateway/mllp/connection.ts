/**
 * One connection: its messages one after the other, each acknowledged before the next is read. While one is stored the socket is not read, so that
 * a sender that is faster than Kafka is slowed by TCP, and not kept in memory.
 */
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { FAULTS } from '#core/faults/codes.ts'
import { headerSegment } from '../decode/hl7/header.ts'
import { claimOf } from '../http/admission.ts'
import type { Refused } from '../http/observe.ts'
import { type Pace, type PaceWatch, watchPace } from '../http/pace.ts'
import { type Share, type ShareLimit, type ShareLimits, shareProblem } from '../http/shares.ts'
import type { ProblemError } from '../problem.ts'
import { acknowledgements } from './acknowledgement.ts'
import type { MllpEvents } from './events.ts'
import { type Framed, Framer, frame } from './framer.ts'
import { type Outcome, outcomeOfProblem, rejection } from './outcome.ts'

/** A sender reads the end of its connection within this. */
const END_MS = 1_000

export interface ConnectionDependencies {
  readonly listener: string
  /** Of this connection. */
  readonly share: Share
  readonly limits: ShareLimits & { readonly pace: Pace }
  readonly refused: Refused
  readonly maxMessageBytes: number
  readonly events: MllpEvents
  /** Never rejects. @param claim reserves bytes for what is made of the message */
  readonly handle: (message: Buffer, claim: (bytes: number) => void) => Promise<Outcome>
}

export interface Connection {
  /** Ends the connection when the messages that were received are acknowledged. */
  drain(): void
  /** Ends it now. */
  destroy(): void
}

/** @param onClose called once, when the connection is closed */
export function serveConnection(dependencies: ConnectionDependencies, socket: Socket, onClose: () => void): Connection {
  const { listener, events, share, limits, maxMessageBytes, refused } = dependencies
  const framer = new Framer(maxMessageBytes)
  let watch: PaceWatch | undefined
  /** Why there was no room for the last message that was discarded. */
  let lacking: ShareLimit = 'total-bytes'
  let working = false
  let draining = false

  const unwatch = () => {
    watch?.stop()
    watch = undefined
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
      if (socket.writable && !socket.write(frame(one))) await drained(socket, limits.pace.totalMs)
    }
  }

  async function take(framed: Framed, claim: (bytes: number) => void): Promise<void> {
    switch (framed.kind) {
      case 'message':
        return await answer(framed.bytes, await dependencies.handle(framed.bytes, claim))
      case 'too-large':
        events.framing(listener, framed.kind)
        return await answer(framed.head, rejection('record-too-large', FAULTS['record-too-large'].text))
      case 'no-room':
        events.framing(listener, framed.kind)
        return await answer(framed.head, noRoom(shareProblem(lacking, limits)))
      case 'truncated':
      case 'stray':
        events.framing(listener, framed.kind)
        return
    }
  }

  /** @param renewed true when another frame than before is open */
  function watchOpen(renewed: boolean): void {
    if (renewed || !framer.open) unwatch()
    if (!framer.open) return
    watch ??= watchPace(limits.pace, (reason) => {
      refused(reason)
      socket.destroy()
    })
  }

  async function receive(piece: Buffer): Promise<void> {
    watch?.received(piece.length)
    // What is not complete before, and this piece: the most that is in memory now.
    const bytes = framer.bytes + piece.length
    const full = share.growTo(bytes)
    const claim = claimOf(share, bytes, limits)
    let renewed = false
    for (const framed of framer.push(piece)) {
      renewed = true
      unwatch()
      if (framed.kind === 'message' && full) lacking = full
      await take(framed.kind === 'message' && full ? { kind: 'no-room', head: framed.bytes } : framed, claim)
    }
    share.empty()
    const limit = framer.open ? share.growTo(framer.bytes) : undefined
    if (limit) {
      lacking = limit
      framer.discard('no-room')
    }
    watchOpen(renewed)
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
    unwatch()
    share.release()
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
function noRoom({ problemCode: code }: ProblemError): Outcome {
  const { text: title } = FAULTS[code]
  return outcomeOfProblem({ code, status: 429, title })
}

/** A sender that does not read what it is answered is given up. */
function drained(socket: Socket, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), withinMs).unref()
    const done = () => {
      clearTimeout(timer)
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.once('drain', done)
    socket.once('close', done)
  })
}
