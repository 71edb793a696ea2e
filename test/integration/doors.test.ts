/** The real gateway beyond loopback: it refuses to start in plain HTTP, and serves over TLS with the operator's certificate. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type RequestOptions, request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addCertificate, revokeKey } from '#core/keys/admin.ts'
import { readCertificate } from '#core/keys/certificate.ts'
import { subjectId } from '#core/keys/token-id.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { identityOf, testAuthority } from '../helpers/certificates.ts'
import { type GatewayProcess, runToEnd, startGateway } from '../helpers/gateway.ts'
import { isolated } from '../helpers/servers.ts'
import { failingService } from '../helpers/services.ts'
import { TOKEN_RULES, testIssuer } from '../helpers/token-issuer.ts'

const place = isolated()
const cert = join(place.folder, 'cert.pem')
const key = join(place.folder, 'key.pem')

beforeAll(async () => {
  const arguments_ = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  const subject = ['-subj', '/CN=gateway.chu.example', '-addext', 'subjectAltName=DNS:gateway.chu.example']
  const openssl = spawn(...stopWithParent('openssl', [...arguments_, ...subject, '-keyout', key, '-out', cert]), {
    stdio: 'ignore',
  })
  const [status] = (await once(openssl, 'close')) as [number]
  expect(status).toBe(0)
  const provisioned = await runToEnd('services/provision/main.ts', [], place.env)
  expect(provisioned.status).toBe(0)
})
afterAll(() => place.remove())

/** @returns status and body; the certificate is checked against itself as the authority */
function get(
  gateway: GatewayProcess,
  path: string,
  host: string,
  more: Pick<RequestOptions, 'cert' | 'key'> & { readonly authorization?: string } = {},
): Promise<readonly [number, string]> {
  const { port } = new URL(gateway.url)
  const { authorization, ...identity } = more
  const headers = { host, ...(authorization === undefined ? {} : { authorization }) }
  const server = { host: '127.0.0.1', port, path, servername: host, ca: readFileSync(cert), agent: false as const }
  const options = { ...server, headers, ...identity }
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

test('it serves over TLS, for its own name alone, to certificates and tokens, too; metrics stay on the machine', async () => {
  const authority = testAuthority(join(place.folder, 'producers'), 'producers')
  const producer = authority.issue('chu-sud')
  const stored = readCertificate(readFileSync(producer.cert))
  const id = addCertificate(place.env.CHAINON_DATA_DIR ?? '', 'chu-sud', '', stored)
  const issuer = await testIssuer()
  const keys = join(place.folder, 'issuer.json')
  writeFileSync(keys, JSON.stringify({ keys: [issuer.jwk] }))
  const gateway = await startGateway({
    ...place.env,
    // The tests listen on loopback only; that the address would be refused without TLS is the test above.
    CHAINON_HTTP_HOST: '127.0.0.1',
    CHAINON_TLS_CERT_FILE: cert,
    CHAINON_TLS_KEY_FILE: key,
    CHAINON_ALLOWED_HOSTS: 'gateway.chu.example',
    CHAINON_KEY_PROVIDER: 'environment',
    CHAINON_SECRETS_KEY: 'ab'.repeat(32),
    CHAINON_TLS_CLIENT_CA_FILE: authority.ca,
    CHAINON_JWT_ISSUER: TOKEN_RULES.issuer,
    CHAINON_JWT_AUDIENCE: TOKEN_RULES.audience,
    CHAINON_JWT_JWKS: keys,
  })
  try {
    expect(gateway.url).toMatch(/^https:/)
    expect(await get(gateway, '/health', 'gateway.chu.example')).toEqual([200, '{"status":"ok"}'])
    expect((await get(gateway, '/metrics', 'gateway.chu.example'))[0]).toBe(404)
    expect((await fetch(`${gateway.adminUrl}/metrics`)).status).toBe(200)
    expect(readFileSync(join(place.env.CHAINON_SECRETS_DIR ?? '', 'routing.key'), 'utf8')).toMatch(/^chainon-sealed-1:/)
    const own = (more: Parameters<typeof get>[3]) => get(gateway, '/v1/key', 'gateway.chu.example', more)
    const authorization = `Bearer ${await issuer.token()}`
    expect((await own({}))[0]).toBe(401)
    expect((await own(identityOf(producer)))[1]).toContain('"producer":"chu-sud"')
    expect((await own({ authorization }))[1]).toContain('"producer":"chu-test"')
    for (const one of [id, subjectId('chu-test-client')]) revokeKey(place.env.CHAINON_DATA_DIR ?? '', one)
    expect([(await own(identityOf(producer)))[0], (await own({ authorization }))[0]]).toEqual([401, 401])
    const rotated = await testIssuer('EdDSA', 'key-2')
    writeFileSync(keys, JSON.stringify({ keys: [rotated.jwk] }))
    const next = `Bearer ${await rotated.token({ sub: 'another' })}`
    await expect.poll(async () => (await own({ authorization: next }))[0]).toBe(200)
    const plain = await fetch(gateway.url.replace('https', 'http')).then(
      () => 'answered',
      () => 'closed',
    )
    expect(plain).toBe('closed')
  } finally {
    expect(await gateway.stop()).toBe(0)
  }
})
