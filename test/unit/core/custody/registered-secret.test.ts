/** A secret is made once: a host that has lost it, or has another, does not start. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { fingerprintOf, type KeyRegister, registeredSecret } from '#core/custody/registered-secret.ts'
import { warehouseAgrees } from '#core/custody/warehouse-agrees.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { openDayKeys, registeredDayKeys } from '#core/sealing/day-keys.ts'

const NAME = 'deidentify/pseudonym-level1.key'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** As the real ones do, it keeps the first entry of a name. */
function registerOf(
  entries: readonly (readonly [string, string])[] = [],
): KeyRegister & { readonly known: Map<string, string> } {
  const known = new Map(entries)
  return {
    known,
    read: async () => new Map(known),
    async register(name, fingerprint) {
      if (!known.has(name)) known.set(name, fingerprint)
    },
  }
}
const host = (name: string) => join(folder, name)

test('the first host makes the secret and registers it; it starts again, and so does a host with a copy', async () => {
  const register = registerOf()
  const secret = await registeredSecret(host('a'), NAME, register)
  expect(register.known).toEqual(new Map([[NAME, fingerprintOf(NAME, secret)]]))
  expect(await registeredSecret(host('a'), NAME, register)).toEqual(secret)
  expect(register.known.get(NAME)).toMatch(/^[0-9a-f]{16}$/)
})

test('an installation that has a secret already registers it', async () => {
  const register = registerOf()
  const secret = loadOrCreateSecret(host('a'), 'pseudonym-level1.key')
  expect(await registeredSecret(host('a'), NAME, register)).toEqual(secret)
  expect(register.known.size).toBe(1)
})

test('a host without the secret of the installation makes none, and says which is missing', async () => {
  const register = registerOf()
  await registeredSecret(host('a'), NAME, register)
  const failed = registeredSecret(host('wrong-mount'), NAME, register)
  await expect(failed).rejects.toThrow(ConfigurationError)
  await expect(failed).rejects.toThrow(
    new RegExp(`The key ${NAME} is missing.*fingerprint ${register.known.get(NAME)}`, 's'),
  )
  expect(readdirSync(folder)).toEqual(['a'])
})

test('a host with another secret does not start, and says both fingerprints', async () => {
  const register = registerOf()
  await registeredSecret(host('a'), NAME, register)
  const other = fingerprintOf(NAME, loadOrCreateSecret(host('b'), 'pseudonym-level1.key'))
  await expect(registeredSecret(host('b'), NAME, register)).rejects.toThrow(
    new RegExp(`${other}.*${register.known.get(NAME)}`, 's'),
  )
})

test('of two hosts that start first at once, one goes on', async () => {
  const register = registerOf()
  const outcomes = await Promise.allSettled(['a', 'b'].map((name) => registeredSecret(host(name), NAME, register)))
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})

test('a register that has lost the entry is no agreement', async () => {
  const register: KeyRegister = { read: async () => new Map(), register: async () => undefined }
  await expect(registeredSecret(host('a'), NAME, register)).rejects.toMatchObject({ code: 'dependency-unavailable' })
})

test('a host that has lost its folder of sealing keys, or has those of another installation, makes none and does not start', async () => {
  const register = registerOf()
  const open = (name: string) => registeredDayKeys(host(name), 20_000, register)
  const first = await open('a')
  expect(register.known.get('deidentify/sealing')).toMatch(/^[0-9a-f]{16}$/)
  expect((await open('a')).authority.equals(first.authority)).toBe(true)
  await expect(open('wrong-mount')).rejects.toThrow(/The key deidentify\/sealing is missing/)
  expect(readdirSync(folder)).toEqual(['a'])
  // The authority alone would sign keys of another ratchet, and every gateway would believe it.
  mkdirSync(host('half'))
  cpSync(join(host('a'), 'authority.pem'), join(host('half'), 'authority.pem'))
  await expect(open('half')).rejects.toThrow(/The key deidentify\/sealing is missing/)
  expect(readdirSync(host('half'))).toEqual(['authority.pem'])
  const foreign = openDayKeys(host('b'), 20_000)
  await expect(open('b')).rejects.toThrow(/The key deidentify\/sealing is not the one of this installation/)
  expect(foreign.shredded()).toEqual([])
})

test('the warehouse learns what Kafka has, and refuses another', async () => {
  const warehouse = registerOf()
  await warehouseAgrees(new Map([[NAME, 'aaaaaaaaaaaaaaaa']]), warehouse)
  await warehouseAgrees(
    new Map([
      [NAME, 'aaaaaaaaaaaaaaaa'],
      ['gateway/x.key', 'cccccccccccccccc'],
    ]),
    warehouse,
  )
  expect(warehouse.known.size).toBe(2)
  await expect(warehouseAgrees(new Map([[NAME, 'bbbbbbbbbbbbbbbb']]), warehouse)).rejects.toThrow(
    /pseudonym-level1.key: the log has the fingerprint b{16}, and the warehouse a{16}/,
  )
})
