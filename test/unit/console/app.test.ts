import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import Value from 'typebox/value'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildSnapshot } from '../../../services/console/collectors/build-snapshot.ts'
import { createHistory } from '../../../services/console/collectors/history.ts'
import { summarise } from '../../../services/console/collectors/ledger.ts'
import type { SnapshotPublisher } from '../../../services/console/collectors/snapshot-publisher.ts'
import { loadPage } from '../../../services/console/routes/page.ts'
import { type Snapshot, SnapshotSchema } from '../../../services/console/snapshot.ts'
import { LIVE, ledgerRow, readings, STALE } from './readings.ts'
import { type TestConsole, testConsole } from './test-console.ts'

const row = ledgerRow({ accepted: 3, loaded: 2, quarantined: 1 })

function snapshot(ledger: 'live' | 'stale'): Snapshot {
  const known = readings({ ledger: summarise([row]) })
  return buildSnapshot({ ...known, sources: { ...known.sources, ledger: ledger === 'live' ? LIVE : STALE } })
}

let latest: Snapshot
let publish: (snapshot: Snapshot) => void
let own: TestConsole
let app: FastifyInstance
/** A request of the operator who is logged in. */
const inject = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { cookie: own.cookie, ...headers } })

beforeEach(async () => {
  latest = snapshot('live')
  const publisher: SnapshotPublisher = {
    history: createHistory(),
    latest: () => latest,
    onSnapshot: (listener) => {
      publish = listener
    },
    stop: async () => undefined,
  }
  own = await testConsole(publisher)
  app = own.app
})
afterEach(() => own.close())

describe('the console over HTTP', () => {
  test('the ledger is an array with the field names of the command line', async () => {
    const response = await inject('/api/ledger')
    expect(response.json()).toEqual([row])
  })

  test('the snapshot is sent completely, and matches its schema', async () => {
    const response = await inject('/api/snapshot')
    expect(response.json()).toEqual(latest)
    expect([...Value.Errors(SnapshotSchema, response.json())]).toEqual([])
  })

  test('a field that is not in the schema is not sent', async () => {
    latest = { ...latest, ...{ patient_name: 'ZZCANARYZZ' } }
    expect((await inject('/api/snapshot')).body).not.toContain('ZZCANARYZZ')
  })

  test('the API is described with its schemas', async () => {
    const document: { paths: object } = (await inject('/openapi.json')).json()
    expect(Object.keys(document.paths).toSorted()).toEqual([
      '/api/ledger',
      '/api/link/explain',
      '/api/link/review',
      '/api/link/verdict',
      '/api/live',
      '/api/session',
      '/api/snapshot',
    ])
    expect(JSON.stringify(document.paths)).toContain('Seconds since the first waiting record arrived')
  })

  test('a stale ledger is not sent', async () => {
    latest = snapshot('stale')
    const response = await inject('/api/ledger')
    expect(response.statusCode).toBe(503)
    expect(response.headers['content-type']).toContain('application/problem+json')
    expect(response.json()).toMatchObject({
      status: 503,
      detail: expect.stringContaining('connection refused'),
    })
  })

  test('the page and its files are served, with a policy that blocks all other scripts', async () => {
    for (const path of [
      '/',
      '/main.js',
      '/css/base.css',
      '/vendor/preact.js',
      '/vendor/uplot.js',
      '/vendor/uplot.css',
    ]) {
      const response = await inject(path)
      expect(response.statusCode, path).toBe(200)
      expect(response.headers['content-security-policy']).toContain("default-src 'none'")
      expect(response.headers['x-content-type-options']).toBe('nosniff')
    }
    const { body } = await inject('/')
    expect(body).not.toMatch(/https?:\/\//)
    expect(body).not.toMatch(/<script(?![^>]* src=)|style="| on[a-z]+="/)
  })

  test('every file that the page imports is served, as JavaScript without types', async () => {
    const served = new Map(loadPage().assets.map(({ path, body }) => [path, body.toString()]))
    const scripts = [...served].filter(([path]) => path.endsWith('.js'))
    for (const [path, code] of scripts) {
      const imports = [...code.matchAll(/^(?:import|export|\}).*?(?:from|import) ?["']([^"'\n]+)["']/gm)]
      for (const [, specifier = ''] of imports) {
        const address = new URL(specifier, `http://page${path}`).pathname
        expect(served.has(address), `${path} imports ${specifier}`).toBe(true)
      }
      expect(code, path).not.toMatch(/^import type|\bfrom '\.[^']*\.ts'/m)
    }
    expect(served.get('/main.js')).toContain("from '/vendor/preact.js'")
    expect(served.get('/vendor/htm-preact.js')).toContain('from"/vendor/preact.js"')
    expect([...served.keys()].filter((path) => path.endsWith('.ts'))).toEqual([])
  })

  test('a file that did not change is not sent again', async () => {
    const first = await inject('/main.js')
    const again = await inject('/main.js', { 'if-none-match': String(first.headers.etag) })
    expect(again.statusCode).toBe(304)
  })

  test.each(['/../config.ts', '/..%2fconfig.ts', '/css', '/nothing', '/vendor/../main.ts'])(
    '%s is not found',
    async (path) => {
      const response = await inject(path)
      expect(response.statusCode).toBe(404)
      expect(response.headers['content-type']).toContain('application/problem+json')
    },
  )
})

describe('the live stream', () => {
  const open = async (signal: AbortSignal) => {
    const { port } = app.server.address() as AddressInfo
    return await fetch(`http://127.0.0.1:${port}/api/live`, { signal, headers: { cookie: own.cookie } })
  }

  test('begins with hello and continues with each snapshot', async () => {
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

  test('serves 50 pages at a time; a page that is closed makes room for another', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const ends = Array.from({ length: 50 }, () => new AbortController())
    const opened = await Promise.all(ends.map(({ signal }) => open(signal)))
    expect(opened.every(({ status }) => status === 200)).toBe(true)
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

  test('ends immediately when the console stops', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const response = await open(new AbortController().signal)
    const rest = response.text()
    await app.close()
    expect(await rest).toContain('event: hello')
  })
})
