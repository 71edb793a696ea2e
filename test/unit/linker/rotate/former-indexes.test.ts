/** What is left of former versions of the index: which one is opened, whose key is destroyed, and for whom snapshots stay sealed. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { encodingKey, encodingStep, encodingVersions, indexKey, indexRetired } from '#core/custody/encoding-versions.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { heldIndexVersions, indexName, indexSecret } from '../../../../services/linker/index/index-secret.ts'
import { assertMoved, destroyRetiredIndexKeys } from '../../../../services/linker/rotate/former-indexes.ts'
import { makeSnapshotKey, moveSnapshotKey, readSnapshotKey } from '../../../../services/linker/snapshot/snapshot-key.ts'

const config = {
  CHAINON_NAMESPACE: 'n.',
  CHAINON_LINKAGE_INDEX: 'main',
  CHAINON_KEY_PROVIDER: '',
} as unknown as Parameters<typeof indexSecret>[1] & Parameters<typeof indexName>[0]
const logger = createLogger('linker', 'fatal')
const configuration = expect.objectContaining({ code: 'configuration' })
const moved = (version: number) => [encodingKey(version), encodingStep(version, 'in force')]

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-former-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('each version has an index and a key of its own; of a later one no key is made', async () => {
  expect([1, 2].map((version) => indexName(config, version))).toEqual(['n.main', 'n.main.2'])
  expect(heldIndexVersions(join(folder, 'none'))).toEqual([])
  const first = await indexSecret(folder, config, 1, new Map())
  expect(first).toHaveLength(32)
  await expect(indexSecret(folder, config, 2, new Map([[indexKey(2), '0'.repeat(16)]]))).rejects.toThrow(
    /linkage-index-2\.key is missing/,
  )
  loadOrCreateSecret(folder, 'linkage-index-12.key')
  expect(heldIndexVersions(folder)).toEqual([12, 1])
})

it.each([
  ['never rotated, Redis lost', [], {}, false],
  ['moved', moved(2), { 'n.main.2': '{}' }, false],
  ['Redis lost as a whole', moved(2), {}, false],
  ['Redis has lost what was moved, or nothing was', moved(2), { 'n.main': '{}' }, true],
  [
    'it is moved again, or restored: who opens it is told',
    moved(2),
    { 'n.main': '{}', 'n.main.2': '{"restoring":1}' },
    false,
  ],
  ['the former one was half of a restored one', moved(2), { 'n.main': '{"restoring":1}' }, false],
  ['of two rotations', [...moved(2), ...moved(4)], { 'n.main.2': '{}' }, true],
])('an index is begun anew only where no former one is there: %s', async (_, names, forms, refused) => {
  const redis = { get: async (key: string) => (forms as Record<string, string>)[key.slice(4, -2)] ?? null }
  const done = assertMoved(redis as never, config, encodingVersions(names as string[]))
  if (refused) await expect(done).rejects.toThrow(configuration)
  else await expect(done).resolves.toBeUndefined()
})

it('of retired versions the key is destroyed, and of no other, whatever the register says', () => {
  for (const name of ['linkage-index.key', 'linkage-index-2.key', 'linkage-index-3.key'])
    loadOrCreateSecret(folder, name)
  const names = [...moved(2), encodingKey(3), indexRetired(1), indexRetired(2), indexRetired(3)]
  expect(destroyRetiredIndexKeys(folder, encodingVersions(names), logger)).toEqual(['linker/linkage-index.key'])
  expect(readdirSync(folder).toSorted()).toEqual(['linkage-index-2.key', 'linkage-index-3.key'])
  expect(destroyRetiredIndexKeys(folder, encodingVersions(names), logger)).toEqual([])
})

it('the public half for snapshots is bound to the new key, twice is as once, and one of a third key is refused', async () => {
  const [from, to, third] = [1, 2, 3].map((n) => Buffer.alloc(32, n)) as [Buffer, Buffer, Buffer]
  moveSnapshotKey(folder, from, to)
  const out = join(folder, 'shares')
  mkdirSync(out)
  const made = await makeSnapshotKey(folder, from, { of: 2, need: 2, out, replace: false }, '2026-01-01T00:00:00.000Z')
  expect(() => moveSnapshotKey(folder, third, to)).toThrow(configuration)
  for (let time = 0; time < 2; time++) moveSnapshotKey(folder, from, to)
  expect(readSnapshotKey(folder, to)).toMatchObject({ id: made.id, fingerprint: made.fingerprint })
  expect(() => readSnapshotKey(folder, from)).toThrow(configuration)
  moveSnapshotKey(folder, to, from)
  expect(readSnapshotKey(folder, from)?.id).toBe(made.id)
})
