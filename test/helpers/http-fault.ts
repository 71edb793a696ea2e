/** A relay before a real HTTP server (ClickHouse, the registry) that answers in its place, or never, when the test says so. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

export interface FaultyAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** @param url path and query as sent, decoded; @returns what happens instead of relaying */
export type Fault = (url: string) => FaultyAnswer | 'silent' | undefined

export interface HttpFault {
  readonly url: string
  /** Requests that met a fault. */
  readonly met: () => number
  set(fault: Fault): void
  close(): Promise<void>
}

/** What ClickHouse answers with an exception. */
export function clickhouseError(code: number, name: string): FaultyAnswer {
  return {
    status: 500,
    headers: { 'x-clickhouse-exception-code': String(code) },
    body: `Code: ${code}. DB::Exception: refused by the test. (${name})`,
  }
}

export async function startHttpFault(target: string): Promise<HttpFault> {
  const to = new URL(target)
  let fault: Fault = () => undefined
  let met = 0
  const server = createServer((incoming, outgoing) => {
    const found = fault(decodeURIComponent((incoming.url ?? '').replaceAll('+', ' ')))
    if (found === undefined) return relay(incoming, outgoing)
    met++
    incoming.resume()
    if (found === 'silent') return
    incoming.on('end', () => outgoing.writeHead(found.status, found.headers).end(found.body))
  })
  function relay(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url: path, headers } = incoming
    const onward = request({ host: to.hostname, port: to.port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}${to.pathname === '/' ? '' : to.pathname}`,
    met: () => met,
    set: (next) => (fault = next),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
