/** HL7 v2 over MLLP against real Kafka and Redis: a positive acknowledgement means that Kafka has the records, once. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createKey } from '#core/keys/admin.ts'
import { type GatewayProcess, runToEnd, startGateway } from '../helpers/gateway.ts'
import { announceDayKeys } from '../helpers/sealed.ts'
import { isolated } from '../helpers/servers.ts'
import { storedRecords } from './helpers/gateway-reads.ts'

const VT = '\u000b'
const END = '\u001c\r'
const PID = 'PID|1||8000123^^^CHU-X^PI||DUPONT^MARIE^^^^^L||19790315|F||||||||||NDA77'
const PV1 = `PV1|1|I|3110${'|'.repeat(41)}20250131093000`

const place = isolated()
const mllpFile = join(place.folder, 'mllp.json')
const env = { ...place.env, CHAINON_LOG_LEVEL: 'info', CHAINON_MLLP_FILE: mllpFile }
/** Undefined where this machine has no openssl to make a certificate with. */
const certificate = makeCertificate()
let gateway: GatewayProcess

beforeAll(async () => {
  const provisioned = await runToEnd('services/provision/main.ts', [], env)
  expect([provisioned.status, provisioned.status === 0 ? '' : provisioned.stderr]).toEqual([0, ''])
  writeFileSync(join(place.folder, 'adt.key'), createKey(place.folder, 'chu-test', '').key, { mode: 0o600 })
  const listener = (name: string) => ({
    name,
    port: 0,
    api_key_file: 'adt.key',
    senders: [{ application: 'GAM', facility: 'CHU-X' }],
  })
  const secure = { ...listener('secure'), tls: { cert_file: 'cert.pem', key_file: 'key.pem' } }
  writeFileSync(mllpFile, JSON.stringify({ listeners: [listener('plain'), ...(certificate ? [secure] : [])] }))
  await announceDayKeys(env, place.namespace)
  gateway = await startGateway(env)
})

afterAll(async () => {
  const status = await gateway.stop()
  place.remove()
  expect(status).toBe(0)
})

function makeCertificate(): string | undefined {
  const cert = join(place.folder, 'cert.pem')
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
  const files = ['-keyout', join(place.folder, 'key.pem'), '-out', cert]
  try {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files], {
      stdio: 'ignore',
    })
    return cert
  } catch {
    return undefined
  }
}

function portOf(listener: string): number {
  const found = new RegExp(`"event":"mllp-listening","listener":"${listener}","host":"[^"]+","port":(\\d+)`).exec(
    gateway.log(),
  )
  return Number(found?.[1])
}

/** @returns a function that sends a message and waits for its acknowledgement: MSA-1 and MSA-2 */
function sender(socket: Socket): (message: string) => Promise<string> {
  onTestFinished(() => void socket.destroy())
  let received = ''
  socket.on('data', (piece: Buffer) => {
    received += piece.toString('latin1')
  })
  return async (message) => {
    socket.write(`${VT}${message}${END}`)
    while (!received.includes(END)) await once(socket, 'data')
    const [answer = ''] = received.split(END)
    received = received.slice(answer.length + END.length)
    return /\rMSA\|(\w*\|[^\r|]*)/.exec(answer)?.[1] ?? answer
  }
}

async function plain() {
  const socket = connect({ host: '127.0.0.1', port: portOf('plain') })
  await once(socket, 'connect')
  return sender(socket)
}

function msh(type: string, id: string): string {
  return `MSH|^~\\&|GAM|CHU-X|CHAINON|EDS|20250201101112||${type}|${id}|P|2.5||||||UNICODE UTF-8`
}

const stored = async (feed: string) =>
  (await storedRecords(env, place.namespace, feed)).map(({ record }) => [record?.record_id, record?._producer])

test('what is acknowledged is in Kafka, once; a message that is refused ends neither the connection nor the next one', async () => {
  const send = await plain()
  const admission = [msh('ADT^A01', 'M1'), 'EVN||20250201101000', PID, PV1].join('\r')
  const result = (id: string, value: string) =>
    [
      msh('ORU^R01', id),
      PID,
      'OBR|1||FI1^LABO|58410-2^NFS^LN|||20250201',
      `OBX|1|SN|2160-0^Creat^LN||${value}|mg/L|||||P`,
    ].join('\r')
  expect(await send(admission)).toBe('AA|M1')
  expect([await stored('patient'), await stored('encounter')]).toEqual([
    [['8000123', 'chu-test']],
    [['stay/NDA77', 'chu-test']],
  ])
  expect([
    await send(admission),
    await send(result('M2', 'x^5')),
    await send('poison'),
    await send(result('M3', '<^5')),
  ]).toEqual(['AA|M1', 'AE|M2', 'AR|', 'AA|M3'])
  expect([(await stored('patient')).length, (await stored('encounter')).length]).toEqual([1, 1])
  const results = await storedRecords(env, place.namespace, 'observation')
  expect(results.map(({ record }) => record)).toMatchObject([
    {
      record_id: 'observation/FI1^LABO/58410-2/loinc/2160-0/',
      status: 'preliminary',
      value_number: 5,
      value_comparator: '<',
      effective_at: Date.parse('2025-02-01T00:00:00Z'),
      effective_precision: 'day',
    },
  ])
})

test('a merge that is acknowledged is in Kafka as a record of each of the two patients, and so is its end', async () => {
  const send = await plain()
  const merge = [msh('ADT^A40', 'A40'), 'EVN||20250201101000', PID, 'MRG|8000999^^^CHU-X^PI'].join('\r')
  const unlink = [msh('ADT^A37', 'A37'), 'EVN||20250201101500', PID, 'PID|2||8000999^^^CHU-X^PI'].join('\r')
  const self = [msh('ADT^A40', 'A40b'), 'EVN||20250201101000', PID, 'MRG|8000123^^^CHU-X^PI'].join('\r')
  expect([await send(merge), await send(merge), await send(self), await send(unlink)]).toEqual([
    'AA|A40',
    'AA|A40',
    'AE|A40b',
    'AA|A37',
  ])
  const records = (await storedRecords(env, place.namespace, 'patient_merge')).map(({ record }) => record)
  const sides = records.map((record) =>
    [record?.operation, record?.patient_ipp, record?.other_ipp, record?.role].join(' '),
  )
  expect(sides.toSorted()).toEqual([
    'cancel 8000123 8000999 linked',
    'cancel 8000999 8000123 linked',
    'upsert 8000123 8000999 survivor',
    'upsert 8000999 8000123 prior',
  ])
})

test.skipIf(certificate === undefined)(
  'a listener with a certificate speaks TLS (skipped without openssl)',
  async () => {
    const socket = connectTls({ host: '127.0.0.1', port: portOf('secure'), rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    expect(await sender(socket)([msh('ADT^A31', 'T1'), 'EVN||20250201101000', PID].join('\r'))).toBe('AA|T1')
  },
  60_000,
)
