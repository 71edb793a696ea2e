/** Secrets that only a real OpenBao can open: what is on the disk, what a token may do, and what happens when the engine is away. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { readConfig } from '#core/config/read.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { openSecretBox, PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { HAS_VAULT, startVault } from '../helpers/own-vault.ts'

const NAME = 'pseudonym-level1.key'

describe.skipIf(!HAS_VAULT)('the transit engine (skipped where pip has no OpenBao for this machine)', () => {
  const dir = mkdtempSync(join(tmpdir(), 'chainon-case-'))
  let vault: Awaited<ReturnType<typeof startVault>>
  let tokenFile = ''
  beforeAll(async () => {
    vault = await startVault()
    await vault.ask('sys/mounts/transit', { type: 'transit' })
    for (const key of ['deidentify', 'curate']) await vault.ask(`transit/keys/${key}`, {})
    tokenFile = await vault.tokenFor('deidentify')
  })
  afterAll(async () => {
    await vault.stop()
    rmSync(dir, { recursive: true })
  })

  const env = (more: Record<string, string> = {}) => ({
    CHAINON_KEY_PROVIDER: 'vault',
    CHAINON_VAULT_URL: vault.url,
    CHAINON_VAULT_CA_FILE: vault.caFile,
    CHAINON_VAULT_TOKEN_FILE: tokenFile,
    CHAINON_VAULT_KEY: 'deidentify',
    ...more,
  })
  const open = (more: Record<string, string> = {}, folder = dir) =>
    openSecretBox(readConfig('test', PROVIDER_KEYS, env(more)), folder)

  test('a secret is made at the first start, and opened at each later one, also after the key of the engine is rotated', async () => {
    const boxes = await Promise.all([open(), open()])
    const [secret, same] = boxes.map((box) => loadOrCreateSecret(dir, NAME, box))
    expect(same).toEqual(secret)
    const stored = [NAME, 'secrets-key.wrapped'].map((file) => readFileSync(join(dir, file), 'utf8'))
    expect(stored).toEqual([expect.stringMatching(/^chainon-sealed-1:/), expect.stringMatching(/^vault:v1:/)])
    await vault.ask('transit/keys/deidentify/rotate', {})
    expect(loadOrCreateSecret(dir, NAME, await open())).toEqual(secret)
  })

  test('a copy of the folder opens nothing with the token of another service, with another key, or without the authority', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'chainon-case-'))
    onTestFinished(() => rmSync(copy, { recursive: true }))
    cpSync(dir, copy, { recursive: true })
    const other = await vault.tokenFor('curate')
    await expect(open({ CHAINON_VAULT_TOKEN_FILE: other }, copy)).rejects.toThrow(/Vault answers 403 to decrypt/)
    const itsOwn = { CHAINON_VAULT_TOKEN_FILE: other, CHAINON_VAULT_KEY: 'curate' }
    await expect(open(itsOwn, copy)).rejects.toThrow(/Vault answers 400 to decrypt/)
    await expect(open({ CHAINON_VAULT_CA_FILE: '' }, copy)).rejects.toMatchObject({ code: 'dependency-unavailable' })
    await expect(open({ CHAINON_VAULT_MOUNT: 'nothing' }, copy)).rejects.toThrow(/Vault answers 40[34] to decrypt/)
    expect(loadOrCreateSecret(copy, NAME, await open({}, copy))).toHaveLength(32)
  })

  test('an engine that is sealed is waited for, and is no wrong configuration', async () => {
    await vault.ask('sys/seal', {})
    await expect(open()).rejects.toMatchObject({ code: 'dependency-unavailable' })
  })
})
