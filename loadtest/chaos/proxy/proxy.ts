/**
 * A TCP proxy between two components, which fails on demand: latency, bandwidth, a stall in both directions (a half-open connection), reset,
 * refusal, a 503 of its own, and the faults of one request: kept back and delivered later, or its answer lost after the
 * receiver has sent it.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net'
import { answerFramer, type Protocol, requestFramer, type SeenRequest } from './framing.ts'
import { Lane, type Pace } from './lane.ts'

export type Mode = 'pass' | 'stall' | 'refuse' | 'unavailable'

/** A request that a trap has caught. The client waits until one of these is called. */
export interface Caught {
  readonly label: string
  /** Resolves when the whole request has been read from the client. */
  readonly complete: Promise<void>
  /** Resolves when the client's connection is closed: it has given up, or ended. */
  readonly gone: Promise<void>
  /** Delivers the request to the receiver; its answer goes back as usual. */
  deliver(): void
  /** Delivers the request; the answer is dropped. @returns when the receiver has answered, or closed the connection */
  deliverAlone(): Promise<boolean>
  /** Closes the client's connection with a reset. The request is still kept. */
  cutClient(): void
  /** Forgets the request and closes both connections. */
  discard(): void
}

interface Trap {
  readonly matches: (label: string) => boolean
  /** `request`: before the receiver has it; `answer`: when the receiver has answered it. */
  readonly at: 'request' | 'answer'
  readonly caught: (caught: Caught) => void
}

/** Without delay or limit. */
export const OUTRIGHT: Pace = { latencyMs: 0, bytesPerSecond: 0 }
const UNAVAILABLE = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'

export class FaultProxy {
  readonly name: string
  readonly #protocol: Protocol
  readonly #target: number
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  readonly #traps = new Set<Trap>()
  #mode: Mode = 'pass'
  pace: Pace = OUTRIGHT
  /** Counts since the last `resetCounts`: what a fault has touched. */
  counts = { requests: 0, refused: 0, cut: 0, kept: 0, errors: 0 }

  constructor(name: string, protocol: Protocol, target: number) {
    this.name = name
    this.#protocol = protocol
    this.#target = target
    this.#server = createServer((client) => this.#accept(client))
  }

  async listen(port: number): Promise<number> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : port
  }

  async close(): Promise<void> {
    this.cutAll()
    this.#server.close()
    await once(this.#server, 'close')
  }

  resetCounts(): void {
    this.counts = { requests: 0, refused: 0, cut: 0, kept: 0, errors: 0 }
  }

  get mode(): Mode {
    return this.#mode
  }

  /** `refuse` and `unavailable` also close the connections that are open. */
  set mode(mode: Mode) {
    if (mode === this.#mode) return
    const before = this.#mode
    this.#mode = mode
    for (const connection of this.#connections) {
      if (before === 'stall') connection.release()
      if (mode === 'stall') connection.stall()
    }
    if (mode === 'refuse' || mode === 'unavailable') this.cutAll()
  }

  /** Closes every connection with a reset. @returns how many */
  cutAll(): number {
    const open = [...this.#connections]
    for (const connection of open) connection.cut()
    this.counts.cut += open.length
    return open.length
  }

  /** Requests without an answer. */
  inFlight(matches: (label: string) => boolean = () => true): number {
    let count = 0
    for (const { pending } of this.#connections) count += pending.filter(({ label }) => matches(label)).length
    return count
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Catches the next request that matches. @returns undefined when none comes in time */
  trap(matches: (label: string) => boolean, at: Trap['at'], withinMs: number): Promise<Caught | undefined> {
    return new Promise((resolve) => {
      const end = (caught: Caught | undefined) => {
        clearTimeout(timer)
        this.#traps.delete(trap)
        resolve(caught)
      }
      const trap: Trap = { matches, at, caught: end }
      const timer = setTimeout(end, withinMs, undefined)
      this.#traps.add(trap)
    })
  }

  /** For a connection: the trap that catches this request, once. */
  trapFor(label: string, at: Trap['at']): Trap | undefined {
    for (const trap of this.#traps) {
      if (trap.at !== at || !trap.matches(label)) continue
      this.#traps.delete(trap)
      return trap
    }
    return undefined
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined)
    if (this.#mode === 'refuse') {
      this.counts.refused++
      client.resetAndDestroy()
      return
    }
    if (this.#mode === 'unavailable') {
      client.once('data', () => {
        this.counts.refused++
        client.end(UNAVAILABLE)
      })
      return
    }
    const connection = new Connection(this, this.#protocol, client, this.#target, () =>
      this.#connections.delete(connection),
    )
    this.#connections.add(connection)
    if (this.#mode === 'stall') connection.stall()
  }
}

class Connection {
  pending: SeenRequest[] = []
  readonly #proxy: FaultProxy
  readonly #client: Socket
  readonly #target: Socket
  readonly #up: Lane
  readonly #down: Lane
  readonly #requests
  readonly #answers
  #caughtAnswer: { trap: Trap; id: number; request: SeenRequest } | undefined
  #ended: (() => void)[] = []
  #answered: ((answered: boolean) => void)[] = []
  #clientGone = false

  constructor(proxy: FaultProxy, protocol: Protocol, client: Socket, target: number, gone: () => void) {
    this.#proxy = proxy
    this.#client = client
    this.#requests = requestFramer(protocol)
    this.#answers = answerFramer(protocol)
    const upstream = tcpConnect({ port: target, host: '127.0.0.1' })
    this.#target = upstream
    client.setNoDelay(true)
    upstream.setNoDelay(true)
    const pace = () => proxy.pace
    this.#up = new Lane((chunk) => void upstream.write(chunk), pace)
    this.#down = new Lane((chunk) => void (this.#clientGone || client.write(chunk)), pace)
    client.on('data', (chunk: Buffer) => this.#fromClient(chunk))
    upstream.on('data', (chunk: Buffer) => this.#fromTarget(chunk))
    upstream.on('error', () => undefined)
    const end = () => {
      for (const done of this.#answered.splice(0)) done(false)
      this.#up.destroy()
      this.#down.destroy()
      gone()
      if (!client.destroyed) client.destroy()
      if (!upstream.destroyed) upstream.destroy()
    }
    upstream.on('close', end)
    client.on('close', () => {
      // A request that is kept is still delivered after its client has gone.
      if (!this.#clientGone) end()
    })
  }

  cut(): void {
    this.#client.resetAndDestroy()
    this.#target.destroy()
  }

  stall(): void {
    this.#up.close()
    this.#down.close()
  }

  release(): void {
    this.#proxy.counts.kept += this.#up.keptBytes + this.#down.keptBytes
    this.#up.open()
    this.#down.open()
  }

  #fromClient(chunk: Buffer): void {
    this.#requests.read(
      chunk,
      (request) => {
        this.pending.push(request)
        this.#proxy.counts.requests++
        const trap = this.#proxy.trapFor(request.label, 'request')
        if (trap) {
          this.#up.close()
          trap.caught(this.#caught(request, true))
          return
        }
        const onAnswer = this.#caughtAnswer ? undefined : this.#proxy.trapFor(request.label, 'answer')
        if (onAnswer) this.#caughtAnswer = { trap: onAnswer, id: request.id, request }
      },
      () => {
        for (const done of this.#ended.splice(0)) done()
      },
    )
    this.#up.write(chunk)
  }

  #fromTarget(chunk: Buffer): void {
    if (/^HTTP\/1\.1 [45]/.test(chunk.toString('latin1', 0, 12))) this.#proxy.counts.errors++
    this.#answers.read(chunk, (id) => {
      const at = id === 0 ? 0 : this.pending.findIndex((request) => request.id === id)
      // Kafka answers in order; a correlation id of 0 is the first request of a connection.
      if (this.pending.length > 0) this.pending.splice(Math.max(0, at), 1)
      for (const done of this.#answered.splice(0)) done(true)
      const waiting = this.#caughtAnswer
      if (!waiting || waiting.id !== id) return
      this.#caughtAnswer = undefined
      this.#down.close()
      waiting.trap.caught(this.#caught(waiting.request, false))
    })
    this.#down.write(chunk)
  }

  #caught(request: SeenRequest, atRequest: boolean): Caught {
    const lane = atRequest ? this.#up : this.#down
    this.#proxy.counts.kept++
    return {
      label: request.label,
      complete: atRequest ? new Promise((resolve) => this.#ended.push(resolve)) : Promise.resolve(),
      gone: new Promise((resolve) => this.#client.once('close', resolve)),
      deliver: () => lane.open(),
      deliverAlone: () => {
        const answered = new Promise<boolean>((resolve) => this.#answered.push(resolve))
        this.cutClientOnly()
        lane.open()
        return answered.then((value) => {
          this.#target.destroy()
          return value
        })
      },
      cutClient: () => this.cutClientOnly(),
      discard: () => {
        lane.discard()
        this.cut()
      },
    }
  }

  cutClientOnly(): void {
    this.#clientGone = true
    this.#client.resetAndDestroy()
  }
}
