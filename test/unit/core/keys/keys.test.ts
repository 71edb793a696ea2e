import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createKey, ensureKey, listKeys, localKey, revokeKey, rotateKey } from '#core/keys/admin.ts'
import { isExpired } from '#core/keys/file.ts'
import { allows } from '#core/keys/scopes.ts'
import { type KeyStore, openKeyStore } from '#core/keys/store.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-keys-'))
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true, force: true })
})

function producerOf(store: KeyStore, key: string): string | undefined {
  const login = store.login(key)
  return login.kind === 'accepted' ? login.access.producer : undefined
}

test('a key is stored as a hash, in a file that only its owner can read', () => {
  const { key, id } = createKey(folder, 'chu-nord', 'engine')
  expect(key).toMatch(/^chn_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/)
  const stored = readFileSync(join(folder, 'keys.json'), 'utf8')
  expect(stored).not.toContain(key.slice(17))
  expect(statSync(join(folder, 'keys.json')).mode & 0o777).toBe(0o600)
  expect(openKeyStore(folder, () => undefined).login(key)).toMatchObject({
    kind: 'accepted',
    access: { keyId: id, producer: 'chu-nord' },
  })
  expect(JSON.stringify(listKeys(folder))).not.toContain('sha256')
})

test('unknown, altered and malformed keys have no owner', () => {
  const { key } = createKey(folder, 'chu-nord', '')
  const store = openKeyStore(folder, () => undefined)
  for (const bad of [
    '',
    'chn_',
    key.slice(0, -1),
    `${key}A`,
    `${key.slice(0, -4)}AAAA`,
    key.replace('chn_', 'CHN_'),
    `chn_000000000000_${key.slice(17)}`,
  ]) {
    expect(store.login(bad).kind).toBe('failed')
  }
})

test('the store sees a new key and a revoked one without a restart, and keeps its keys when the file is damaged', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const damaged = vi.fn()
  const store = openKeyStore(folder, damaged)
  const { key, id } = createKey(folder, 'chu-sud', '')
  vi.advanceTimersByTime(600)
  expect(producerOf(store, key)).toBe('chu-sud')
  writeFileSync(join(folder, 'keys.json'), '{')
  vi.advanceTimersByTime(600)
  expect(producerOf(store, key)).toBe('chu-sud')
  expect(damaged).toHaveBeenCalledOnce()
  rmSync(join(folder, 'keys.json'))
  const again = createKey(folder, 'chu-sud', '')
  expect(revokeKey(folder, again.id)).toBe(true)
  expect(revokeKey(folder, id)).toBe(false)
  vi.advanceTimersByTime(600)
  expect([producerOf(store, key), producerOf(store, again.key)]).toEqual([undefined, undefined])
})

test('ensureKey creates a key once, stores it for this machine, and creates another when it was revoked', () => {
  const first = ensureKey(folder, 'hospital-1')
  expect(ensureKey(folder, 'hospital-1').key).toBe(first.key)
  expect(localKey(folder, 'hospital-1')).toBe(first.key)
  expect(statSync(join(folder, 'secrets/cli/keys/hospital-1.key')).mode & 0o777).toBe(0o600)
  revokeKey(folder, first.id)
  expect(ensureKey(folder, 'hospital-1').key).not.toBe(first.key)
})

test('the name of a producer cannot lead out of the folder', () => {
  for (const name of ['../x', 'A', '', 'a/b', 'a'.repeat(65)]) expect(() => ensureKey(folder, name)).toThrow(/name/)
})

test('a rotation keeps the terms, ends the former key after the overlap, and replaces the copy of this machine', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const first = ensureKey(folder, 'hospital-1')
  const { issued, replaced } = rotateKey(folder, 'hospital-1', 24 * 3_600_000)
  expect([replaced.id, localKey(folder, 'hospital-1')]).toEqual([first.id, issued.key])
  const store = openKeyStore(folder, () => undefined)
  expect([producerOf(store, first.key), producerOf(store, issued.key)]).toEqual(['hospital-1', 'hospital-1'])
  vi.advanceTimersByTime(24 * 3_600_000 - 1)
  expect(producerOf(store, first.key)).toBe('hospital-1')
  vi.advanceTimersByTime(1)
  expect([producerOf(store, first.key), producerOf(store, issued.key)]).toEqual([undefined, 'hospital-1'])
  expect(listKeys(folder)).toMatchObject([
    { id: first.id, state: 'expired', replaced_by: issued.id },
    { id: issued.id, state: 'in force', name: 'local' },
  ])
  // The former key has ended, so only one can be meant.
  expect(rotateKey(folder, 'hospital-1', 0).replaced.id).toBe(issued.id)
})

test('a rotated key has the lifetime of the former one, and never outlives its own end', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01T00:00:00.000Z') })
  const scopes = ['write:observation']
  createKey(folder, 'chu-nord', 'engine', { scopes, expiresAt: '2026-01-11T00:00:00.000Z' })
  vi.setSystemTime(Date.parse('2026-01-10T12:00:00.000Z'))
  const { replaced } = rotateKey(folder, 'chu-nord', 24 * 3_600_000)
  expect(replaced.expires_at).toBe('2026-01-11T00:00:00.000Z')
  expect(listKeys(folder)[1]).toMatchObject({ name: 'engine', scopes, expires_at: '2026-01-20T12:00:00.000Z' })
})

test('which of several keys is rotated must be said, and a key that is not in force is not rotated', () => {
  const keys = [createKey(folder, 'chu-nord', 'a'), createKey(folder, 'chu-nord', 'b')]
  expect(() => rotateKey(folder, 'chu-nord', 0)).toThrow(/2 keys in force.*--key/)
  expect(rotateKey(folder, 'chu-nord', 0, keys[1]?.id).replaced.id).toBe(keys[1]?.id)
  revokeKey(folder, keys[0]?.id ?? '')
  expect(() => rotateKey(folder, 'chu-nord', 0, keys[0]?.id)).toThrow(/no such key in force/)
  expect(() => rotateKey(folder, 'chu-sud', 0)).toThrow(/no key in force/)
})

test('a scope allows what it names, and every feed only with the star', () => {
  expect(allows(['write:observation'], 'write:observation')).toBe(true)
  expect(allows(['write:*'], 'write:observation')).toBe(true)
  for (const needed of ['write:patient', 'write:*', 'read:own', 'write:observatio', ''])
    expect(allows(['write:observation'], needed), needed).toBe(false)
  expect(allows(['write:*'], 'read:own')).toBe(false)
})

test('a key of version 0.1, without scopes or expiry, may do everything', () => {
  const { key } = createKey(folder, 'chu-nord', '')
  const file = join(folder, 'keys.json')
  const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: Record<string, unknown>[] }
  writeFileSync(file, JSON.stringify({ version: 1, keys: keys.map(({ scopes: _none, ...old }) => old) }))
  expect(openKeyStore(folder, () => undefined).login(key)).toMatchObject({
    access: { scopes: ['write:*', 'read:own'] },
  })
})

test.each(['soon', '2026-13-45T99:99:99.999Z'])('an expiry of %s never means for ever', (expires_at) => {
  expect(isExpired({ expires_at }, 0)).toBe(true)
})
