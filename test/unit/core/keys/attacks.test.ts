/** What a person with a leaked key, or with an old copy of a file, may try: a key that was revoked never works again. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createKey, revokeKey } from '#core/keys/admin.ts'
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
  const found = store.owner(key)
  return found && 'producer' in found ? found.producer : undefined
}

test.fails('a backup of the key file, put back after a revocation, revives no key', () => {
  const { key, id } = createKey(folder, 'chu-nord', '')
  copyFileSync(file, join(folder, 'backup'))
  revokeKey(folder, id)
  copyFileSync(join(folder, 'backup'), file)
  expect(producerOf(open(), key)).toBeUndefined()
})

test.fails('a key can be revoked while the key file is damaged, and the gateway that runs rejects it', () => {
  const { key, id } = createKey(folder, 'chu-nord', '')
  const other = createKey(folder, 'chu-sud', '')
  const store = open()
  writeFileSync(file, '{')
  expect(revokeKey(folder, id)).toBe(true)
  expect([producerOf(store, key), producerOf(store, other.key)]).toEqual([undefined, 'chu-sud'])
})

test.fails('a key file that disappears stops no producer, and revives no key', () => {
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
})
