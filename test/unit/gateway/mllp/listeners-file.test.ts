/** The file of listeners: whose key each has is declared, and everything wrong is said at once, without a value. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConfigurationError } from '#core/faults/errors.ts'
import { readListeners } from '../../../../services/gateway/mllp/listeners-file.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-mllp-'))
  writeFileSync(join(folder, 'adt.key'), 'chn_key\n')
  writeFileSync(join(folder, 'tls.pem'), 'PEM')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(file: unknown) {
  const path = join(folder, 'mllp.json')
  writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file))
  return readListeners(path)
}

function problems(file: unknown): readonly string[] {
  try {
    read(file)
    return []
  } catch (error) {
    return (error as ConfigurationError).problems.map((one) => one.replaceAll(join(folder, 'mllp.json'), 'FILE'))
  }
}
const ADT = { name: 'adt', api_key_file: 'adt.key', senders: [{ application: 'GAM', facility: 'CHU' }] }
const TLS = { cert_file: 'tls.pem', key_file: 'tls.pem' }

test('without a file there is no listener', () => {
  expect(readListeners('')).toEqual([])
})

test('a listener is on this machine alone, at 2575, unless the file says otherwise', () => {
  expect(read({ listeners: [ADT] })).toEqual([
    { name: 'adt', host: '127.0.0.1', port: 2575, apiKey: 'chn_key', senders: ADT.senders, tls: undefined },
  ])
  const pem = Buffer.from('PEM')
  expect(
    read({ listeners: [{ ...ADT, host: '0.0.0.0', port: 0, tls: { ...TLS, client_ca_file: 'tls.pem' } }] }),
  ).toMatchObject([
    { host: '0.0.0.0', port: 0, tls: { cert: pem, key: pem, ca: pem, requestCert: true, rejectUnauthorized: true } },
  ])
})

test.each([
  ['no JSON', '{', ['CHAINON_MLLP_FILE: FILE is missing, unreadable or not JSON']],
  ['no listener', { listeners: [] }, [expect.stringContaining('FILE: listeners: must have 1 to 100 items')]],
  [
    'no sender',
    { listeners: [{ ...ADT, senders: [] }] },
    [expect.stringContaining('senders: must have at least 1 item')],
  ],
  ['a misspelt key', { listeners: [{ ...ADT, api_key: 'secret' }] }, [expect.stringContaining('api_key')]],
  [
    'another machine without TLS',
    { listeners: [{ ...ADT, host: '0.0.0.0' }] },
    [expect.stringContaining('listeners[0]: host is not an address of this machine alone')],
  ],
  [
    'files that are missing',
    { listeners: [{ ...ADT, api_key_file: 'no', tls: { ...TLS, cert_file: 'no' } }] },
    [
      'listeners[0].api_key_file: the file cannot be read (ENOENT)',
      'listeners[0].tls.cert_file: the file cannot be read (ENOENT)',
    ],
  ],
  ['two of one name', { listeners: [ADT, { ...ADT, port: 2576 }] }, ['two listeners have the same name']],
])('%s is rejected', (_name, file, expected) => {
  const found = problems(file)
  expect(found).toEqual(expected)
  expect(JSON.stringify(found)).not.toContain('secret')
})
