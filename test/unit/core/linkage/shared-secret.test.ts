/** The key between `deidentify` and the linker on a disk with a key provider. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '#core/config/read.ts'
import { backUp, restore } from '#core/custody/backup.ts'
import { openSecretBox, PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import type { KeyRegister } from '#core/custody/registered-secret.ts'
import { ownTransportSecret, sharedTransportSecret } from '#core/linkage/shared-secret.ts'

function register(): KeyRegister {
  const known = new Map<string, string>()
  return {
    read: async () => known,
    register: async (name, fingerprint) => void known.set(name, fingerprint),
  }
}

function configIn(key?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const provider = key === undefined ? {} : { CHAINON_KEY_PROVIDER: 'environment', CHAINON_SECRETS_KEY: key }
  const keys = ['CHAINON_LINKAGE_SECRETS_DIR', 'CHAINON_DATA_DIR', ...PROVIDER_KEYS] as const
  return readConfig('test', keys, { CHAINON_LINKAGE_SECRETS_DIR: folder, CHAINON_DATA_DIR: folder, ...provider })
}

const KEY = 'ab'.repeat(32)

test('is sealed, and both services open it', async () => {
  const config = configIn(KEY)
  const made = register()
  const secret = await ownTransportSecret(config, made)
  expect(readFileSync(join(config.CHAINON_LINKAGE_SECRETS_DIR, 'transport.key'), 'utf8')).toMatch(/^chainon-sealed-1:/)
  expect(await sharedTransportSecret(config, () => made.read())).toEqual(secret)
})

test('is opened after it was restored from shares', async () => {
  const [from, to] = [configIn(), configIn(KEY)]
  const made = register()
  const secret = await ownTransportSecret(from, made)
  const folder = from.CHAINON_LINKAGE_SECRETS_DIR
  const how = { of: 3, need: 2 }
  const files = await backUp('linkage/transport.key', () => folder, join(folder, 'shares'), how, '2026-01-01T00:00:00Z')
  await restore(
    files.slice(1),
    () => to.CHAINON_LINKAGE_SECRETS_DIR,
    false,
    (folder) => openSecretBox(to, folder),
  )
  expect(await ownTransportSecret(to, made)).toEqual(secret)
})
