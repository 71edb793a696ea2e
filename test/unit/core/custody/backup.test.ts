/** A secret in shares: any so many give it back, and nothing else does. */
import { hash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { backUp, restore } from '#core/custody/backup.ts'
import { restored, type Share, sharesOf } from '#core/custody/shares.ts'
import { ConfigurationError } from '#core/faults/errors.ts'

const KEY = 'deidentify/pseudonym-level1.key'
const NOW = '2026-11-29T00:00:00.000Z'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
})
afterEach(() => rmSync(folder, { recursive: true }))
const host = (name: string) => (service: string) => join(folder, name, service)
const named = (shares: readonly Share[]) =>
  new Map(shares.map((share) => [`share ${share.number}`, JSON.stringify(share)]))

async function problemsOf(work: Promise<unknown>): Promise<readonly string[]> {
  const error = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  )
  if (error instanceof ConfigurationError) return error.problems
  throw new Error('it was accepted')
}

test('any three of five shares restore the secret, on a host that has none; two do not', async () => {
  const secret = loadOrCreateSecret(host('a')('deidentify'), 'pseudonym-level1.key')
  const files = await backUp(KEY, host('a'), join(folder, 'out'), { of: 5, need: 3 }, NOW)
  expect(files.map((file) => statSync(file).mode & 0o777)).toEqual(Array(5).fill(0o600))
  for (const file of files) expect(readFileSync(file, 'utf8')).not.toContain(secret.toString('hex'))
  const trios = files.flatMap((a, i) =>
    files.slice(i + 1).flatMap((b, j) => files.slice(i + j + 2).map((c) => [a, b, c])),
  )
  expect(trios).toHaveLength(10)
  for (const [i, trio] of trios.entries()) {
    expect((await restore(trio, host(`b${i}`), false)).present).toBe(false)
    expect(loadOrCreateSecret(host(`b${i}`)('deidentify'), 'pseudonym-level1.key')).toEqual(secret)
  }
  expect(await problemsOf(restore(files.slice(0, 2), host('c'), false))).toEqual([
    `${KEY} needs 3 of its 5 shares, and here are 2`,
  ])
  expect(readdirSync(folder)).not.toContain('c')
})

test('a dry run writes nothing; a host that has the key keeps it, and one with another key is not touched', async () => {
  loadOrCreateSecret(host('a')('deidentify'), 'pseudonym-level1.key')
  const files = await backUp(KEY, host('a'), join(folder, 'out'), { of: 2, need: 2 }, NOW)
  await restore(files, host('b'), true)
  expect(readdirSync(folder)).not.toContain('b')
  expect((await restore(files, host('a'), false)).present).toBe(true)
  const other = loadOrCreateSecret(host('c')('deidentify'), 'pseudonym-level1.key')
  expect((await problemsOf(restore(files, host('c'), false)))[0]).toMatch(/is another key: move it away/)
  expect(loadOrCreateSecret(host('c')('deidentify'), 'pseudonym-level1.key')).toEqual(other)
})

test('a share that was changed, is there twice, or is of another set is named; a forged one gives no key', async () => {
  const secret = Buffer.alloc(32, 7)
  const [one, two] = (await sharesOf(KEY, secret, { of: 3, need: 2 }, NOW)) as [Share, Share]
  const [, foreign] = (await sharesOf(KEY, secret, { of: 3, need: 2 }, NOW)) as [Share, Share]
  expect((await restored(named([one, two]))).secret).toEqual(secret)
  const changed = { ...two, data: two.data.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }
  expect(await problemsOf(restored(named([one, changed])))).toContain('share 2 was changed: its check does not fit')
  expect(await problemsOf(restored(named([one, foreign])))).toEqual(['the shares were not all made together'])
  const twice = new Map([...named([one]), ['again', JSON.stringify(one)]])
  expect(await problemsOf(restored(twice))).toContain('again is share 1 a second time')
  for (const text of ['', 'x', '[]', '{"format":"chainon key share 1"}'])
    expect((await problemsOf(restored(new Map([['file', text]]))))[0]).toMatch(/^file is not a share of a key/)
  // A custodian who lies makes the check fit, too: the fingerprint shows that the key is another one.
  const { format, key, fingerprint, set, number, of, need, made_at, data } = changed
  const text = [format, key, fingerprint, set, number, of, need, made_at, data].join('\n')
  const lie = { ...changed, check: hash('sha256', text, 'hex').slice(0, 8) }
  expect((await problemsOf(restored(named([one, lie]))))[0]).toMatch(/one of them was changed/)
})

test('only a secret that exists is backed up, and only below the folder of its service', async () => {
  for (const key of ['deidentify/none.key', '../deidentify/x.key', 'deidentify/../x.key', 'deidentify/sealing'])
    expect(await problemsOf(backUp(key, host('a'), join(folder, 'out'), { of: 2, need: 2 }, NOW))).toHaveLength(1)
  expect(readdirSync(folder)).toEqual([])
  const file = join(folder, 'share.json')
  writeFileSync(file, 'x')
  expect((await problemsOf(restore([file, join(folder, 'missing.json')], host('a'), false)))[0]).toMatch(/ENOENT/)
})
