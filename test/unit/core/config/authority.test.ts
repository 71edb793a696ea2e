import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { authority } from '#core/config/authority.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-authority-'))
afterAll(() => rmSync(folder, { recursive: true }))
const REDIS = 'REDIS_TLS_CA_FILE'
const read = (file: string, encrypted = true) =>
  authority(REDIS, file, encrypted, 'REDIS_URL must begin with rediss://')

test('no file: those of Node.js, with or without TLS', () => {
  expect([read(''), read('', false)]).toEqual([undefined, undefined])
})

test('a file that cannot be used is named, and never left out', () => {
  const key = join(folder, 'key.pem')
  writeFileSync(key, '-----BEGIN PRIVATE KEY-----\n')
  expect(() => read(join(folder, 'none.pem'))).toThrow(`${REDIS}: the file cannot be read (ENOENT)`)
  expect(() => read(key)).toThrow(`${REDIS}: the file has no certificate in PEM`)
})

test('a file beside an address without TLS ends the program: nothing goes in the clear that was meant to be encrypted', () => {
  const file = join(folder, 'authority.pem')
  writeFileSync(file, '-----BEGIN CERTIFICATE-----\n')
  expect(read(file)).toBe('-----BEGIN CERTIFICATE-----\n')
  expect(() => read(file, false)).toThrow('REDIS_URL must begin with rediss://')
})
