import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createKey, ensureKey, listKeys, localKey, revokeKey } from '#core/keys/admin.ts'
import { openKeyStore } from '#core/keys/store.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-keys-'))
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true, force: true })
})

test('a key is stored as a hash, in a file that only its owner can read', () => {
  const { key, id } = createKey(folder, 'chu-nord', 'engine')
  expect(key).toMatch(/^chn_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/)
  const stored = readFileSync(join(folder, 'keys.json'), 'utf8')
  expect(stored).not.toContain(key.slice(17))
  expect(statSync(join(folder, 'keys.json')).mode & 0o777).toBe(0o600)
  expect(openKeyStore(folder, () => undefined).owner(key)).toEqual({ keyId: id, producer: 'chu-nord' })
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
    expect(store.owner(bad)).toBeUndefined()
  }
})

test('the store sees a new key and a revoked one without a restart, and keeps its keys when the file is damaged', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const damaged = vi.fn()
  const store = openKeyStore(folder, damaged)
  const { key, id } = createKey(folder, 'chu-sud', '')
  vi.advanceTimersByTime(600)
  expect(store.owner(key)?.producer).toBe('chu-sud')
  writeFileSync(join(folder, 'keys.json'), '{')
  vi.advanceTimersByTime(600)
  expect(store.owner(key)?.producer).toBe('chu-sud')
  expect(damaged).toHaveBeenCalledOnce()
  rmSync(join(folder, 'keys.json'))
  const again = createKey(folder, 'chu-sud', '')
  expect(revokeKey(folder, again.id)).toBe(true)
  expect(revokeKey(folder, id)).toBe(false)
  vi.advanceTimersByTime(600)
  expect([store.owner(key), store.owner(again.key)]).toEqual([undefined, undefined])
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
