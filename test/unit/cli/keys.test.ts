/** `chainon keys` as a process: what it prints, and how it says no. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IssuedKey, type ListedKey, listKeys, type Rotation } from '#core/keys/admin.ts'
import { openKeyStore } from '#core/keys/store.ts'
import { subjectId, tokenId } from '#core/keys/token-id.ts'
import { testAuthority } from '../../helpers/certificates.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-keys-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function keys(...args: string[]) {
  const main = join(import.meta.dirname, '../../../services/cli/main.ts')
  const run = spawnSync(process.execPath, [main, 'keys', ...args, '--data-dir', folder], { encoding: 'utf8' })
  return { status: run.status, out: run.stdout, err: run.stderr }
}

test('a key is created with its feeds and its end, rotated and revoked; JSON on stdout, words on stderr', () => {
  const created = keys('create', 'lab', '--feeds', 'observation', '--no-read', '--expires', '90d', '--json')
  const { id, key } = JSON.parse(created.out) as IssuedKey
  expect([created.status, key.startsWith(`chn_${id}_`)]).toEqual([0, true])
  const rotated = keys('rotate', 'lab', '--overlap', '12h', '--json')
  const rotation = JSON.parse(rotated.out) as IssuedKey & Pick<Rotation, 'replaced'>
  expect([rotation.producer, rotation.replaced.id]).toEqual(['lab', id])
  const revoked = keys('revoke', id, '000000000000', '--json')
  expect([revoked.status, JSON.parse(revoked.out)]).toEqual([1, [id]])
  expect(revoked.err).toMatch(/is revoked[^]*No key with the id 000000000000 is in force/)
  const listed = JSON.parse(keys('list', '--json').out) as ListedKey[]
  expect(listed).toMatchObject([
    { id, state: 'revoked', scopes: ['write:observation'], replaced_by: rotation.id },
    { id: rotation.id, state: 'in force', scopes: ['write:observation'] },
  ])
  const shown = keys('list').out
  expect(shown).toMatch(/revoked \d{4}[^]*in force until \d{4}/)
  expect(shown + JSON.stringify(listed)).not.toContain('sha256')
}, 60_000)

test('a certificate is registered in place of a key; a subject of tokens is revoked by its name', () => {
  const { cert } = testAuthority(join(folder, 'authority'), 'authority').issue('lab-2')
  const created = keys('create', 'lab-2', '--certificate', cert, '--feeds', 'observation', '--json')
  const { id, sha256 } = JSON.parse(created.out) as { id: string; sha256: string }
  expect(listKeys(folder).find((one) => one.id === id)).toMatchObject({
    kind: 'certificate',
    sha256,
    scopes: ['write:observation', 'read:own'],
    state: 'in force',
  })
  expect(keys('list').out).toContain('(certificate)')
  const revoked = keys('revoke', id, '--subject', 'lab-client', '--jti', 'one', '--json')
  expect([revoked.status, JSON.parse(revoked.out)]).toEqual([0, [id, subjectId('lab-client'), tokenId('one')]])
  const store = openKeyStore(folder, () => undefined)
  expect([id, subjectId('lab-client'), tokenId('one'), subjectId('other')].map((one) => store.isRevoked(one))).toEqual([
    true,
    true,
    true,
    false,
  ])
}, 60_000)

test('what cannot be meant is rejected, and nothing is written', () => {
  const before = listKeys(folder)
  const misspelt = keys('create', 'lab', '--feeds', 'observatoin')
  expect([misspelt.status, misspelt.err]).toEqual([78, expect.stringContaining("did you mean 'observation'?")])
  expect(keys('create', 'lab', '--expires', 'soon').status).toBe(2)
  expect(keys('create', '../lab').status).toBe(78)
  expect(keys('create', 'lab', '--certificate', join(folder, 'keys.json')).err).toContain('no certificate')
  expect(keys('rotate', 'nobody').err).toContain('nobody has no key in force to rotate')
  expect(listKeys(folder)).toEqual(before)
}, 60_000)

test('a key is revoked although the key file is damaged', () => {
  writeFileSync(join(folder, 'keys.json'), '{')
  expect(keys('revoke', '0123456789ab').status).toBe(0)
  const listed = keys('list')
  expect([listed.status, listed.err]).toEqual([78, expect.stringContaining('restore it from a backup')])
}, 60_000)
