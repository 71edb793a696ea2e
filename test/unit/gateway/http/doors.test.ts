/** What another machine, or a page in an operator's browser, may try at the gateway's port. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gatewayConfig } from '../../../../services/gateway/config.ts'
import { harness } from '../harness.ts'

let gateway: Awaited<ReturnType<typeof harness>>
beforeAll(async () => {
  gateway = await harness()
})
afterAll(() => gateway.close())

const get = (url: string, headers: Record<string, string> = {}) => gateway.app.inject({ method: 'GET', url, headers })

test.fails.each(['0.0.0.0', '::', '192.168.1.7', 'gateway.example.org'])(
  'it does not listen on %s without TLS or a declared proxy',
  (CHAINON_HTTP_HOST) => {
    expect(() => gatewayConfig({ CHAINON_HTTP_HOST })).toThrow(/CHAINON_TLS_CERT_FILE.*CHAINON_TRUSTED_PROXY/)
  },
)

test.fails.each(['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost.evil.example'])(
  'a request for the host %s, as after DNS rebinding, is answered 421',
  async (host) => {
    expect((await get('/v1/feeds', { host })).statusCode).toBe(421)
  },
)

test.fails.each(['https://evil.example', 'null', 'http://localhost.evil.example'])(
  'a request of a page from %s is answered 403',
  async (origin) => {
    expect((await get('/v1/feeds', { origin })).statusCode).toBe(403)
  },
)

test.fails('metrics and alarms are not at the port of the producers, and health says only ok', async () => {
  expect([(await get('/metrics')).statusCode, (await get('/alarms')).statusCode]).toEqual([404, 404])
  expect((await get('/health')).json()).toEqual({ status: 'ok' })
})
