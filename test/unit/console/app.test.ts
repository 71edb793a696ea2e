import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { buildApp } from '../../../services/console/app.ts'
import { createHistory } from '../../../services/console/collectors/history.ts'
import { summarise } from '../../../services/console/collectors/ledger.ts'
import type { Station } from '../../../services/console/collectors/station.ts'
import { loadPage } from '../../../services/console/routes/page.ts'
import type { Snapshot } from '../../../services/console/snapshot.ts'

const row = {
  feed: 'patient',
  partition: 0,
  accepted: 3,
  loaded: 2,
  quarantined: 1,
  rejected: 0,
  in_flight: 0,
  gaps: 0,
  overlaps: 0,
}

/** Only what the routes read. */
function snapshot(ledgerStatus: 'live' | 'stale'): Snapshot {
  const ledger = { status: ledgerStatus, age_seconds: 1, failing_since: null, problem: 'Kafka does not answer' }
  return { ledger: summarise([row]), sources: { ledger } } as unknown as Snapshot
}

let latest: Snapshot
let publish: (snapshot: Snapshot) => void
let app: ReturnType<typeof buildApp>

beforeEach(() => {
  latest = snapshot('live')
  const station: Station = {
    history: createHistory(),
    latest: () => latest,
    onSnapshot: (listener) => {
      publish = listener
    },
    stop: async () => undefined,
  }
  const admin = { metrics: createMetrics('console'), alarms: createAlarms(), healthy: () => true }
  app = buildApp({ station, page: loadPage(), ...admin })
})
afterEach(() => app.close())

describe('the console over HTTP', () => {
  test('the ledger is an array with the names that the command line has', async () => {
    const response = await app.inject('/api/ledger')
    expect(response.json()).toEqual([row])
  })

  test('an old ledger is no ledger', async () => {
    latest = snapshot('stale')
    const response = await app.inject('/api/ledger')
    expect(response.statusCode).toBe(503)
    expect(response.headers['content-type']).toContain('application/problem+json')
    expect(response.json()).toMatchObject({ status: 503, detail: expect.stringContaining('Kafka does not answer') })
  })

  test('the page and its files are there, under a policy that lets nothing else run', async () => {
    for (const path of ['/', '/main.js', '/css/base.css', '/vendor/uplot.js', '/vendor/uplot.css']) {
      const response = await app.inject(path)
      expect(response.statusCode, path).toBe(200)
      expect(response.headers['content-security-policy']).toContain("default-src 'none'")
      expect(response.headers['x-content-type-options']).toBe('nosniff')
    }
    const { body } = await app.inject('/')
    expect(body).not.toMatch(/https?:\/\//)
    expect(body).not.toMatch(/<script(?![^>]* src=)|style="| on[a-z]+="/)
  })

  test('a file that did not change is not sent again', async () => {
    const first = await app.inject('/main.js')
    const again = await app.inject({ url: '/main.js', headers: { 'if-none-match': String(first.headers.etag) } })
    expect(again.statusCode).toBe(304)
  })

  test.each(['/../config.ts', '/..%2fconfig.ts', '/css', '/nothing', '/vendor/../main.ts'])(
    '%s is not there',
    async (path) => {
      const response = await app.inject(path)
      expect(response.statusCode).toBe(404)
      expect(response.headers['content-type']).toContain('application/problem+json')
    },
  )
})

describe('the live stream', () => {
  const open = async (signal: AbortSignal) => {
    const { port } = app.server.address() as AddressInfo
    return await fetch(`http://127.0.0.1:${port}/api/live`, { signal })
  }

  test('begins with hello and goes on with each snapshot', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const end = new AbortController()
    const response = await open(end.signal)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader?.read())?.value).toContain('event: hello')
    publish(latest)
    expect((await reader?.read())?.value).toContain('event: snapshot')
    end.abort()
  })

  test('is for 50 pages at a time; a page that leaves makes room', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const ends = Array.from({ length: 50 }, () => new AbortController())
    const taken = await Promise.all(ends.map(({ signal }) => open(signal)))
    expect(taken.every(({ status }) => status === 200)).toBe(true)
    const rejected = await open(new AbortController().signal)
    expect(rejected.status).toBe(503)
    expect(rejected.headers.get('retry-after')).toBe('10')
    await rejected.arrayBuffer()
    ends[0]?.abort()
    await expect
      .poll(async () => {
        const end = new AbortController()
        const { status } = await open(end.signal)
        end.abort()
        return status
      })
      .toBe(200)
    for (const end of ends) end.abort()
  })

  test('ends at once when the console stops', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const response = await open(new AbortController().signal)
    const rest = response.text()
    await app.close()
    expect(await rest).toContain('event: hello')
  })
})
