/** The OpenAPI document is true: every route is in it, every documented answer is provoked, and no other answer appears. */

import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readProblem } from '#core/gateway-api/answers.ts'
import { createKey } from '#core/keys/admin.ts'
import { clientErrors } from '../../../../services/gateway/http/problems.ts'
import { contracts, harness } from '../harness.ts'
import { type Answer, audit, type Document } from './audit.ts'
import {
  dicomRoute,
  fhirResourceRoute,
  fhirRoute,
  hl7Route,
  pmsiRoute,
  recordsRoute,
  storeRoute,
} from './example-bodies.ts'
import { get, LIMITS, provoke, provokeLogins } from './provoke.ts'
import { provokeDatasets } from './provoke-datasets.ts'
import { provokeReceipts } from './provoke-receipts.ts'

/** Not in the document: for operators and browsers, and the address that answers requests for feeds that do not exist. */
const HIDDEN = [
  'GET /health',
  'GET /openapi.json',
  'GET /docs',
  // Fastify names this one only by its HEAD.
  'HEAD /docs/',
  'GET /docs/json',
  'GET /docs/yaml',
  'GET /docs/static/index.html',
  'GET /docs/static/swagger-initializer.js',
  'GET /docs/static/*',
  'POST /v1/feeds/{feed}/records',
]
const UNKNOWN_FEED = 'POST /v1/feeds/{feed}/records'

let gateway: Awaited<ReturnType<typeof harness>>
let url: string
let document: Document
const answers: Answer[] = []

beforeAll(async () => {
  gateway = await harness(LIMITS)
  url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  document = (await (await fetch(`${url}/openapi.json`)).json()) as Document
  for (const contract of contracts) answers.push(...(await provoke(gateway, url, recordsRoute(contract), '*/*')))
  for (const accept of ['*/*', 'application/fhir+json'])
    for (const route of [fhirRoute(), ...(['POST', 'PUT', 'DELETE'] as const).map(fhirResourceRoute)])
      answers.push(...(await provoke(gateway, url, route, accept)))
  answers.push(...(await provoke(gateway, url, hl7Route(), '*/*')))
  answers.push(...(await provoke(gateway, url, dicomRoute(), '*/*')))
  answers.push(...(await provoke(gateway, url, pmsiRoute(), '*/*')))
  for (const path of ['/dicomweb/studies', '/dicomweb/studies/{study}']) {
    answers.push(...(await provoke(gateway, url, storeRoute(path), '*/*')))
    answers.push(...(await provokeDatasets(gateway, url, storeRoute(path))))
  }
  answers.push(await get(url, '/'), await get(url, '/v1/feeds'), await get(url, '/fhir/R4/metadata'))
  const toKey = (authorization: string) => get(url, '/v1/key', { authorization })
  answers.push(await toKey(`Bearer ${gateway.key}`), ...(await provokeLogins(gateway, toKey)))
  const { key: ending } = createKey(gateway.folder, 'chu-ending', 'x', { expiresAt: '2999-01-01T00:00:00.000Z' })
  answers.push(await toKey(`Bearer ${ending}`))
  answers.push(...(await provokeReceipts(gateway, url)))
  const toUnknownFeed = async (authorization: string): Promise<Answer> => {
    const unknown = await fetch(`${url}/v1/feeds/nothing/records`, { method: 'POST', headers: { authorization } })
    return { operation: UNKNOWN_FEED, status: unknown.status, headers: unknown.headers, body: await unknown.text() }
  }
  answers.push(await toUnknownFeed(`Bearer ${gateway.key}`), ...(await provokeLogins(gateway, toUnknownFeed)))
})
afterAll(() => gateway.close())

test('routes, document and answers agree', () => {
  expect(audit(document, gateway.routes, HIDDEN, answers)).toEqual([])
})

test('the document has the shape that tools read: version, one operation id each, and no dangling reference', () => {
  expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Chainon gateway' } })
  const ids = [...JSON.stringify(document.paths).matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id)
  expect([ids.length, new Set(ids).size]).toEqual([contracts.length + 16, contracts.length + 16])
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer]) => pointer ?? '')
  expect(references.length).toBeGreaterThan(contracts.length)
  for (const pointer of references) {
    const found = pointer.split('/').reduce<unknown>((of, name) => (of as Record<string, unknown>)?.[name], document)
    expect([pointer, typeof found]).toEqual([pointer, 'object'])
  }
})

test('hidden addresses answer, too', async () => {
  const paths = HIDDEN.filter((one) => one.startsWith('GET') && !one.endsWith('*')).map((one) =>
    one.replace('GET ', ''),
  )
  for (const path of [...paths, '/docs/', '/docs/static/swagger-ui.css']) {
    const { status, body } = await fetch(`${url}${path}`)
    await body?.cancel()
    expect([path, status]).toEqual([path, 200])
  }
})

describe('the audit finds', () => {
  const find = (change: { document?: Document; answers?: readonly Answer[]; routes?: typeof gateway.routes }) =>
    audit(change.document ?? document, change.routes ?? gateway.routes, HIDDEN, change.answers ?? answers)
  const first = () => answers[0] as Answer

  test('a route that is not documented, visible or hidden, on a real gateway', async () => {
    const planted = await harness(LIMITS)
    const response = { 200: { type: 'object', properties: { a: { type: 'string' } } } }
    planted.app.get('/planted', { schema: { response } }, async () => ({ a: 'x' }))
    planted.app.get('/secret', { schema: { hide: true } }, async () => ({ a: 'x' }))
    planted.app.get('/bare', async () => ({ a: 'x' }))
    const shown = (await planted.app.inject('/openapi.json')).json<Document>()
    expect(audit(document, planted.routes, HIDDEN, answers)).toEqual([
      'GET /planted: a route that is not documented',
      'GET /secret: hidden, and not known as such',
      'GET /bare: a route that is not documented',
    ])
    expect(audit(shown, planted.routes, [...HIDDEN, 'GET /secret'], answers)).toEqual([
      'GET /planted 200 application/json: documented, never seen',
      'GET /bare 200 no content type: documented, never seen',
    ])
    await planted.close()
  })

  test('an operation without a route', () => {
    const routes = gateway.routes.filter((route) => route.url !== '/fhir/R4')
    expect(find({ routes })).toContain('POST /fhir/R4: documented, but no route')
  })

  test('a status, a media type, a header or a code that is not documented', () => {
    const type = { 'content-type': 'application/json' }
    const { operation, body } = first()
    expect(find({ answers: [...answers, { ...first(), status: 418 }] })).toEqual([
      `${operation} 418 application/json: an answer that is not documented`,
    ])
    expect(
      find({ answers: [...answers, { ...first(), headers: new Headers({ 'content-type': 'text/html' }) }] }),
    ).toEqual([`${operation} 202 text/html: an answer that is not documented`])
    expect(find({ answers: [...answers, { ...first(), headers: new Headers({ ...type, 'x-new': '1' }) }] })).toEqual([
      `${operation} 202: the header x-new is not documented`,
    ])
    const wrongKey = answers.find((answer) => answer.status === 401) as Answer
    const otherCode = { ...wrongKey, body: wrongKey.body.replaceAll('missing-key', 'bug') }
    expect(find({ answers: [...answers, otherCode] }).join()).toMatch(/401 application\/problem\+json: \/code must be/)
    expect(body).toContain('receipt_id')
  })

  test('a body with a field too few, too many, or of another type', () => {
    const receipt = JSON.parse(first().body) as Record<string, unknown>
    for (const wrong of [
      { ...receipt, feed: undefined },
      { ...receipt, patient: 'x' },
      { ...receipt, rejected: '0' },
    ]) {
      expect(find({ answers: [...answers, { ...first(), body: JSON.stringify(wrong) }] }).join()).toMatch(
        /202 application\/json: /,
      )
    }
  })

  test('a documented answer, code or header that never appears', () => {
    expect(find({ answers: answers.filter(({ status }) => status !== 503) })).toContain(
      'POST /fhir/R4 503 application/fhir+json: documented, never seen',
    )
    const without = (text: string) => answers.filter(({ body }) => !body.includes(text))
    expect(find({ answers: without('foreign-schema') })).toContain(
      'POST /v1/feeds/death/records 422 application/problem+json foreign-schema: documented, never seen',
    )
    expect(find({ answers: answers.filter(({ headers }) => !headers.has('retry-after')) })).toContain(
      'POST /fhir/R4 429 header retry-after: documented, never seen',
    )
  })
})

describe('outside of the routes', () => {
  test('an address without a route, and a method without one, are problems of the same schema', async () => {
    for (const [method, path, code] of [
      ['GET', '/nowhere', 'not-found'],
      ['GET', '/%E0%A4%A', 'not-found'],
      ['DELETE', '/fhir/R4', 'method-not-allowed'],
      ['GET', '/v1/feeds/observation/records', 'method-not-allowed'],
    ] as const) {
      const answer = await fetch(`${url}${path}`, { method })
      expect([path, readProblem(await answer.text(), answer.status).code]).toEqual([path, code])
    }
  })

  test.each([
    ['ERR_HTTP_REQUEST_TIMEOUT', 408],
    ['HPE_HEADER_OVERFLOW', 431],
    ['HPE_INVALID_METHOD', 400],
  ])('%s is answered %i on the bare socket, as a problem', (code, status) => {
    const socket = new PassThrough()
    const answer = clientErrors({ headerMs: 10_000, bodyMs: 1_000 }, () => undefined)
    answer(Object.assign(new Error('parse'), { code }), socket as unknown as Socket)
    const [head = '', body = ''] = String(socket.read()).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} .*content-type: application/problem\\+json`, 'is'))
    expect(readProblem(body, status).code).toBe('malformed-body')
    expect(JSON.parse(body)).toMatchObject({ status })
  })
})
