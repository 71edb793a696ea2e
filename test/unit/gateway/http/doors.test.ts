/** What another machine, or a page in an operator's browser, may try at the gateway's port. */
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpSettings } from '#core/http/settings.ts'
import { gatewayConfig } from '../../../../services/gateway/config.ts'
import { harness } from '../harness.ts'

let gateway: Awaited<ReturnType<typeof harness>>
beforeAll(async () => {
  gateway = await harness()
})
afterAll(() => gateway.close())

const get = (url: string, headers: Record<string, string> = {}) => gateway.app.inject({ method: 'GET', url, headers })

test.each(['0.0.0.0', '::', '192.168.1.7', 'gateway.example.org'])(
  'it does not listen on %s without TLS or a declared proxy',
  (CHAINON_HTTP_HOST) => {
    expect(() => gatewayConfig({ CHAINON_HTTP_HOST })).toThrow(/CHAINON_TLS_CERT_FILE.*CHAINON_TRUSTED_PROXY/)
  },
)

test.each(['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost.evil.example'])(
  'a request for the host %s, as after DNS rebinding, is answered 421',
  async (host) => {
    expect((await get('/v1/feeds', { host })).statusCode).toBe(421)
  },
)

test.each(['https://evil.example', 'null', 'http://localhost.evil.example'])(
  'a request of a page from %s is answered 403',
  async (origin) => {
    expect((await get('/v1/feeds', { origin })).statusCode).toBe(403)
  },
)

test('metrics and alarms are not at the port of the producers, and health says only ok', async () => {
  expect([(await get('/metrics')).statusCode, (await get('/alarms')).statusCode]).toEqual([404, 404])
  expect((await get('/health')).json()).toEqual({ status: 'ok' })
})

test('its own pages, addresses and the names of the operator are accepted', async () => {
  for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080', '10.1.2.3:8080'])
    expect((await get('/v1/feeds', { host, origin: `http://${host}` })).statusCode, host).toBe(200)
  const { guard } = httpSettings(gatewayConfig({ CHAINON_ALLOWED_HOSTS: 'gateway.chu.example' })).http
  const asked = (headers: Record<string, string>) =>
    guard({ headers, socket: { remoteAddress: '10.0.0.1' } } as unknown as IncomingMessage)
  expect(asked({ host: 'GATEWAY.chu.example', origin: 'https://gateway.chu.example' })).toBeUndefined()
  expect(asked({ host: 'other.chu.example' })).toBe('unknown-host')
  expect(asked({})).toBe('unknown-host')
})

test('a declared proxy is the only way in, and only its word about the sender is believed', () => {
  const config = gatewayConfig({ CHAINON_HTTP_HOST: '0.0.0.0', CHAINON_TRUSTED_PROXY: '10.0.0.5,10.1.0.0/16' })
  const { guard, server } = httpSettings(config).http
  const from = (remoteAddress: string) =>
    guard({ headers: { host: '10.0.0.1' }, socket: { remoteAddress } } as unknown as IncomingMessage)
  expect(['10.0.0.5', '10.1.2.3', '127.0.0.1', '::ffff:10.0.0.5'].map(from)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(['10.0.0.6', '10.2.0.1', '2001:db8::1'].map(from)).toEqual(Array(3).fill('not-through-proxy'))
  expect(server.trustProxy).toEqual(['10.0.0.5', '10.1.0.0/16'])
  for (const wrong of ['proxy.example', '10.0.0.0/33', 'true'])
    expect(() => gatewayConfig({ CHAINON_TRUSTED_PROXY: wrong })).toThrow(/CHAINON_TRUSTED_PROXY/)
})

test('a certificate without its key, or one that cannot be read, is refused', () => {
  expect(() => gatewayConfig({ CHAINON_TLS_CERT_FILE: 'a.pem' })).toThrow(/CHAINON_TLS_KEY_FILE/)
  const config = gatewayConfig({
    CHAINON_HTTP_HOST: '0.0.0.0',
    CHAINON_TLS_CERT_FILE: '/nowhere/a.pem',
    CHAINON_TLS_KEY_FILE: '/nowhere/b.pem',
  })
  expect(() => httpSettings(config)).toThrow(/ENOENT/)
})
