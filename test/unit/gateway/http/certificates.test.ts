/** Client certificates, over real TLS: who logs in with one, and what does not make one. */
import { hash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { addCertificate, listKeys, revokeKey } from '#core/keys/admin.ts'
import { readCertificate } from '#core/keys/certificate.ts'
import { openKeyStore } from '#core/keys/store.ts'
import { gatewayConfig } from '../../../../services/gateway/config.ts'
import { Framer, frame } from '../../../../services/gateway/mllp/framer.ts'
import { type Issued, identityOf, testAuthority } from '../../../helpers/certificates.ts'
import { adt, PV1 } from '../decode/hl7/messages.ts'
import { harness } from '../harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
const authority = testAuthority(join(folder, 'own'), 'own-authority')
const foreign = testAuthority(join(folder, 'foreign'), 'foreign-authority')
const server = authority.issue('gateway', 'serverAuth')
const producer = authority.issue('chu-sud')
const CLIENT_CA = { CHAINON_TLS_CLIENT_CA_FILE: authority.ca }
const TLS = { CHAINON_TLS_CERT_FILE: server.cert, CHAINON_TLS_KEY_FILE: server.key }

let gateway: Awaited<ReturnType<typeof harness>>
let port = 0
let mllpPort = 0
beforeAll(async () => {
  const tls = { ...identityOf(server), ca: readFileSync(authority.ca), requestCert: true, rejectUnauthorized: true }
  const senders = [{ application: 'GAM', facility: 'CHU-X' }]
  const listener = { name: 'adt', host: '127.0.0.1', port: 0, apiKey: undefined, senders, tls }
  gateway = await harness({}, () => [listener], { ...TLS, ...CLIENT_CA })
  await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  port = (gateway.app.server.address() as AddressInfo).port
  mllpPort = gateway.state.listeners()[0]?.port ?? 0
})
afterAll(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true })
})

const register = (issued: Issued, name = 'chu-sud') =>
  addCertificate(gateway.folder, name, '', storedOf(issued), { scopes: ['write:*', 'read:own'] })

/** Also of a certificate that the command would refuse. */
function storedOf({ cert }: Issued) {
  const der = new X509Certificate(readFileSync(cert)).raw
  return { sha256: hash('sha256', der, 'hex'), expiresAt: '2999-01-01T00:00:00.000Z' }
}

/** @returns status, and producer or code */
async function ask(issued: Issued | undefined, headers: Record<string, string> = {}, agent?: Agent) {
  const options = { host: '127.0.0.1', port, path: '/v1/key', headers, ca: readFileSync(authority.ca) }
  const sent = request({ ...options, ...(issued ? identityOf(issued) : {}), ...(agent ? { agent } : { agent: false }) })
  sent.end()
  const [answer] = (await once(sent, 'response')) as [Parameters<typeof text>[0] & { statusCode: number }]
  const body = JSON.parse(await text(answer)) as { producer?: string; code?: string }
  return [answer.statusCode, body.producer ?? body.code]
}

test('a registered certificate is a way in; its revocation holds on the open connection', async () => {
  const id = register(producer)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  expect(await ask(producer, {}, agent)).toEqual([200, 'chu-sud'])
  revokeKey(gateway.folder, id)
  expect(await ask(producer, {}, agent)).toEqual([401, 'revoked-key'])
  // Registered again by the operator, it has another entry.
  register(producer)
  expect(await ask(producer, {}, agent)).toEqual([200, 'chu-sud'])
  for (const one of listKeys(gateway.folder).filter(({ kind }) => kind)) revokeKey(gateway.folder, one.id)
})

test('one of the authority that nobody has registered is not known', async () => {
  expect(await ask(authority.issue('chu-nord'))).toEqual([401, 'wrong-key'])
})

test('one that has ended, one for servers and one of another authority are not trusted, though they are registered', async () => {
  const wrong = [
    authority.ended(authority.issue('chu-old')),
    authority.issue('host', 'serverAuth'),
    foreign.issue('chu-sud'),
  ]
  for (const issued of wrong) {
    register(issued)
    expect(await ask(issued)).toEqual([401, 'wrong-key'])
  }
  expect(await gateway.metrics.scrape()).toMatch(/failed_logins_total\{reason="untrusted-certificate"[^}]*\} 3\n/)
})

test('a resumed session is as trusted as the connection that it continues', async () => {
  const trusted = authority.issue('chu-resumed')
  const strange = foreign.issue('chu-strange')
  for (const issued of [trusted, strange]) register(issued, 'chu-resumed')
  /** @returns status, whether the session is a resumed one, and the session for the next connection */
  const over = async (issued: Issued | undefined, session?: Buffer) => {
    const options = { host: '127.0.0.1', port, ca: readFileSync(authority.ca), ...(issued ? identityOf(issued) : {}) }
    const socket = connect({ ...options, ...(session ? { session } : {}) })
    let next: Buffer | undefined
    socket.on('session', (one) => {
      next = one
    })
    await once(socket, 'secureConnect')
    const reused = socket.isSessionReused()
    socket.write('GET /v1/key HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    const status = / (\d{3}) /.exec(await text(socket))?.[1]
    return { status, reused, session: next }
  }
  const first = await over(trusted)
  expect(first).toMatchObject({ status: '200', reused: false })
  expect(await over(trusted, first.session)).toMatchObject({ status: '200', reused: true })
  const foreignFirst = await over(strange)
  expect(foreignFirst.status).toBe('401')
  expect((await over(strange, foreignFirst.session)).status).toBe('401')
  const none = await over(undefined)
  expect((await over(trusted, none.session)).status).toBe('401')
})

test('what a header says of a certificate is nothing', async () => {
  register(producer)
  const pem = readFileSync(producer.cert, 'utf8')
  const { sha256 } = storedOf(producer)
  for (const headers of [
    { 'x-forwarded-client-cert': `Hash=${sha256};Cert="${encodeURIComponent(pem)}"` },
    { 'x-ssl-client-cert': encodeURIComponent(pem), 'x-ssl-client-verify': 'SUCCESS' },
    { 'client-cert': `:${Buffer.from(pem).toString('base64')}:` },
    { 'x-api-key': sha256 },
  ])
    expect((await ask(undefined, headers))[0]).toBe(401)
})

test('a header decides alone: a wrong key is not excused by a certificate, and a right one is not its producer', async () => {
  expect(await ask(producer)).toEqual([200, 'chu-sud'])
  expect(await ask(producer, { authorization: `Bearer chn_000000000000_${'A'.repeat(43)}` })).toEqual([
    401,
    'wrong-key',
  ])
  expect(await ask(producer, { authorization: 'Basic YTpi' })).toEqual([401, 'missing-key'])
  expect(await ask(producer, { authorization: `Bearer ${gateway.key}` })).toEqual([200, 'chu-test'])
  expect(await ask(undefined, { authorization: `Bearer ${gateway.key}` })).toEqual([200, 'chu-test'])
})

test('a token that is bound to a certificate works on its connections only', async () => {
  const thumbprint = Buffer.from(storedOf(producer).sha256, 'hex').toString('base64url')
  const authorization = `Bearer ${await gateway.issuer.token({ cnf: { 'x5t#S256': thumbprint } })}`
  expect(await ask(producer, { authorization })).toEqual([200, 'chu-test'])
  for (const other of [undefined, authority.issue('chu-west')])
    expect(await ask(other, { authorization })).toEqual([401, 'wrong-token'])
})

test('over MLLP the certificate says whose the messages are, until it is revoked', async () => {
  const open = async (issued: Issued) => {
    const socket = connect({ host: '127.0.0.1', port: mllpPort, ca: readFileSync(authority.ca), ...identityOf(issued) })
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => undefined)
    await once(socket, 'secureConnect')
    return socket
  }
  const stranger = await open(authority.issue('chu-east'))
  stranger.resume()
  await once(stranger, 'close')
  const sender = authority.issue('chu-mllp')
  const id = register(sender, 'chu-mllp')
  const socket = await open(sender)
  const send = async (message: string) => {
    socket.write(frame(Buffer.from(message)))
    const framer = new Framer(100_000)
    for (;;) {
      const [piece] = (await once(socket, 'data')) as [Buffer]
      for (const one of framer.push(piece))
        if (one.kind === 'message') return /MSA\|(\w*)/.exec(one.bytes.toString('latin1'))?.[1]
    }
  }
  expect(await send(adt('A01', PV1))).toBe('AA')
  expect((await gateway.decoded()).at(-1)?.record._producer).toBe('chu-mllp')
  revokeKey(gateway.folder, id)
  expect(await send(adt('A03', PV1))).toBe('AR')
})

test('an entry ends with its certificate, there is one of each in force, and a secret never opens it', () => {
  const stored = readCertificate(readFileSync(authority.issue('chu-new').cert))
  addCertificate(gateway.folder, 'chu-new', '', stored, { expiresAt: '2999-01-01T00:00:00.000Z' })
  const listed = listKeys(gateway.folder).find(({ producer: of }) => of === 'chu-new')
  expect(listed).toMatchObject({ kind: 'certificate', sha256: stored.sha256, expires_at: stored.expiresAt })
  expect(() => addCertificate(gateway.folder, 'other', '', stored)).toThrow(/it is in force as/)
  const store = openKeyStore(gateway.folder, () => undefined)
  expect(store.login(`chn_${listed?.id}_${'A'.repeat(43)}`)).toEqual({ kind: 'failed', reason: 'unknown' })
  for (const [file, problem] of [
    [authority.ca, /authority/],
    [authority.ended(producer).cert, /has ended/],
    [producer.key, /no certificate/],
  ] as const)
    expect(() => readCertificate(readFileSync(file))).toThrow(problem)
})

test('certificates need TLS of the gateway itself, and no proxy that has it', () => {
  expect(() => gatewayConfig(CLIENT_CA)).toThrow(/CHAINON_TLS_CLIENT_CA_FILE needs CHAINON_TLS_CERT_FILE/)
  expect(() => gatewayConfig({ ...TLS, ...CLIENT_CA, CHAINON_TRUSTED_PROXY: '10.0.0.5' })).toThrow(/exclude each other/)
})
