/** What a person with a leaked key, or with an old copy of a file, may try: a key that was revoked never works again. */
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createKey, revokeKey, rotateKey } from '#core/keys/admin.ts'
import { openKeyStore } from '#core/keys/store.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-keys-'))
  file = join(folder, 'keys.json')
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true, force: true })
})

const open = () => openKeyStore(folder, () => undefined)

/** @returns the producer that the key opens the gateway for, in a store that has had the time to read its files again */
function producerOf(store: ReturnType<typeof open>, key: string): string | undefined {
  vi.advanceTimersByTime(1_000)
  const login = store.login(key)
  return login.kind === 'accepted' ? login.access.producer : undefined
}

test('a backup of the key file, put back after a revocation, revives no key', () => {
  const { key, id } = createKey(folder, 'chu-nord', '')
  copyFileSync(file, join(folder, 'backup'))
  revokeKey(folder, id)
  copyFileSync(join(folder, 'backup'), file)
  expect(producerOf(open(), key)).toBeUndefined()
})

test('a key can be revoked while the key file is damaged, and the gateway that runs rejects it', () => {
  const { key, id } = createKey(folder, 'chu-nord', '')
  const other = createKey(folder, 'chu-sud', '')
  const store = open()
  writeFileSync(file, '{')
  expect(revokeKey(folder, id)).toBe(true)
  expect([producerOf(store, key), producerOf(store, other.key)]).toEqual([undefined, 'chu-sud'])
})

test('a key file that disappears stops no producer, and revives no key', () => {
  const { key, id } = createKey(folder, 'chu-nord', '')
  const other = createKey(folder, 'chu-sud', '')
  const store = open()
  revokeKey(folder, id)
  rmSync(file)
  expect([producerOf(store, key), producerOf(store, other.key)]).toEqual([undefined, 'chu-sud'])
})

test('a key that was revoked while the gateway ran is still rejected when every file is put back as it was', () => {
  const { key, id } = createKey(folder, 'chu-nord', '')
  copyFileSync(file, join(folder, 'backup'))
  const store = open()
  revokeKey(folder, id)
  expect(producerOf(store, key)).toBeUndefined()
  copyFileSync(join(folder, 'backup'), file)
  rmSync(join(folder, 'keys-revoked.log'))
  expect(producerOf(store, key)).toBeUndefined()
})

test('a backup of the key file does not lengthen the overlap of a rotation', () => {
  const { key } = createKey(folder, 'chu-nord', '')
  copyFileSync(file, join(folder, 'backup'))
  const { issued } = rotateKey(folder, 'chu-nord', 60_000)
  expect([producerOf(open(), key), producerOf(open(), issued.key)]).toEqual(['chu-nord', 'chu-nord'])
  copyFileSync(join(folder, 'backup'), file)
  expect(producerOf(open(), key)).toBe('chu-nord')
  vi.advanceTimersByTime(60_000)
  expect(open().login(key)).toMatchObject({ kind: 'failed', reason: 'expired' })
})

test('a revocation whose line is damaged holds, and so does one that follows a cut line', () => {
  const [first, second, third] = ['a', 'b', 'c'].map((producer) => createKey(folder, producer, ''))
  const log = join(folder, 'keys-revoked.log')
  writeFileSync(log, `\u0000\u0001${first?.id} garbage\n2026-01-01T00:00:00.000Z ${second?.id.slice(0, 5)}`)
  revokeKey(folder, third?.id ?? '')
  const damaged = vi.fn()
  const store = openKeyStore(folder, damaged)
  expect(damaged).toHaveBeenCalledOnce()
  const reasons = [first, second, third].map((one) => store.login(one?.key ?? ''))
  expect(reasons).toMatchObject([{ reason: 'revoked' }, { kind: 'accepted' }, { reason: 'revoked' }])
})

test('a key file that others can write opens nothing', () => {
  createKey(folder, 'chu-nord', '')
  chmodSync(file, 0o666)
  expect(open).toThrow(/can be written by others/)
})

test('without the secret nobody learns that a key exists, has expired or was revoked', () => {
  const revoked = createKey(folder, 'a', '')
  revokeKey(folder, revoked.id)
  const expired = createKey(folder, 'b', '', { expiresAt: '2020-01-01T00:00:00.000Z' })
  const store = open()
  const guessed = (key: string) => store.login(`${key.slice(0, 17)}${'A'.repeat(43)}`)
  expect([store.login(revoked.key), store.login(expired.key)]).toMatchObject([
    { reason: 'revoked' },
    { reason: 'expired' },
  ])
  expect([guessed(revoked.key), guessed(expired.key)]).toMatchObject([
    { reason: 'wrong-secret' },
    { reason: 'wrong-secret' },
  ])
})
