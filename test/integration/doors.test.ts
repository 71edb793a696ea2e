/** The real gateway beyond loopback: it refuses to start in plain HTTP, and serves over TLS with the operator's certificate. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatewayProcess, runToEnd, startGateway } from '../helpers/gateway.ts'
import { isolated } from '../helpers/servers.ts'
import { failingService } from '../helpers/services.ts'

const place = isolated()
const cert = join(place.folder, 'cert.pem')
const key = join(place.folder, 'key.pem')

beforeAll(async () => {
  const arguments_ = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  const subject = ['-subj', '/CN=gateway.chu.example', '-addext', 'subjectAltName=DNS:gateway.chu.example']
  const openssl = spawn('openssl', [...arguments_, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const [status] = (await once(openssl, 'close')) as [number]
  expect(status).toBe(0)
  const provisioned = await runToEnd('services/provision/main.ts', [], place.env)
  expect(provisioned.status).toBe(0)
}, 120_000)
afterAll(() => place.remove())

/** @returns status and body; the certificate is checked against itself as the authority */
function get(gateway: GatewayProcess, path: string, host: string): Promise<readonly [number, string]> {
  const { port } = new URL(gateway.url)
  const options = { host: '127.0.0.1', port, path, headers: { host }, servername: host, ca: readFileSync(cert) }
  return new Promise((resolve, reject) => {
    request(options, (answer) => {
      let body = ''
      answer.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      answer.on('end', () => resolve([answer.statusCode ?? 0, body]))
    })
      .on('error', reject)
      .end()
  })
}

test('it ends with 78 on an address of other machines without TLS or a proxy, and says what to set', async () => {
  const { status, log } = await failingService('gateway', { ...place.env, CHAINON_HTTP_HOST: '0.0.0.0' })
  expect([status, log]).toEqual([78, expect.stringMatching(/CHAINON_TLS_CERT_FILE.*CHAINON_TRUSTED_PROXY/)])
})

test('it serves over TLS, for its own name alone; metrics stay on the machine', async () => {
  const gateway = await startGateway({
    ...place.env,
    // The tests listen on loopback only; that the address would be refused without TLS is the test above.
    CHAINON_HTTP_HOST: '127.0.0.1',
    CHAINON_TLS_CERT_FILE: cert,
    CHAINON_TLS_KEY_FILE: key,
    CHAINON_ALLOWED_HOSTS: 'gateway.chu.example',
  })
  try {
    expect(gateway.url).toMatch(/^https:/)
    expect(await get(gateway, '/health', 'gateway.chu.example')).toEqual([200, '{"status":"ok"}'])
    expect((await get(gateway, '/metrics', 'gateway.chu.example'))[0]).toBe(404)
    expect((await fetch(`${gateway.adminUrl}/metrics`)).status).toBe(200)
    const plain = await fetch(gateway.url.replace('https', 'http')).then(
      () => 'answered',
      () => 'closed',
    )
    expect(plain).toBe('closed')
  } finally {
    expect(await gateway.stop()).toBe(0)
  }
})
