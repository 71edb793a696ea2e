/** Secrets that are sealed on the disk: which key opens them, and what is in no file, error or log. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '#core/config/read.ts'
import { CLEAR, secretBox } from '#core/crypto/secret-box.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { backUp, restore } from '#core/custody/backup.ts'
import { openSecretBox, PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { outputOf } from '#core/custody/providers/command.ts'
import { openDayKeys } from '#core/sealing/day-keys.ts'

const KEY = 'ab'.repeat(32)
const NAME = 'pseudonym-level1.key'
const TODAY = 20_000

function folderOf(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-unit-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const boxOf = (env: Record<string, string>, dir = '') => openSecretBox(readConfig('test', PROVIDER_KEYS, env), dir)
const fromEnvironment = (key: string) => boxOf({ CHAINON_KEY_PROVIDER: 'environment', CHAINON_SECRETS_KEY: key })
const program = (script: string) =>
  boxOf({ CHAINON_KEY_PROVIDER: 'command', CHAINON_SECRETS_KEY_COMMAND: `${process.execPath},-e,${script}` })

test('without a provider a secret stands in its file as before', async () => {
  const dir = folderOf()
  expect(await boxOf({})).toBe(CLEAR)
  const secret = loadOrCreateSecret(dir, NAME, await boxOf({}))
  expect(readFileSync(join(dir, NAME), 'utf8')).toBe(`${secret.toString('hex')}\n`)
})

test('a sealed secret is opened with its key only, and the same one each time', async () => {
  const dir = folderOf()
  const secret = loadOrCreateSecret(dir, NAME, await fromEnvironment(KEY))
  const stored = readFileSync(join(dir, NAME), 'utf8')
  expect(stored).not.toContain(secret.toString('hex'))
  expect(stored).toMatch(/^chainon-sealed-1:/)
  expect(loadOrCreateSecret(dir, NAME, await program(`console.log('${KEY}')`))).toEqual(secret)
  const other = await fromEnvironment('cd'.repeat(32))
  expect(() => loadOrCreateSecret(dir, NAME, other)).toThrow(/sealed with another key/)
  expect(() => loadOrCreateSecret(dir, NAME)).toThrow(/set CHAINON_KEY_PROVIDER/)
  expect(readFileSync(join(dir, NAME), 'utf8')).toBe(stored)
})

test('a file that was changed, or that belongs to another name, is not opened', () => {
  const box = secretBox(Buffer.from(KEY, 'hex'))
  const sealed = box.seal(NAME, KEY)
  expect(box.open(NAME, sealed)).toBe(KEY)
  expect(() => box.open('linkage-level1.key', sealed)).toThrow(/is another file/)
  const bytes = Buffer.from(sealed.slice(sealed.indexOf(':') + 1), 'base64')
  for (const at of [0, 12, bytes.length - 1]) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(() => box.open(NAME, `chainon-sealed-1:${changed.toString('base64')}`)).toThrow(/was changed/)
  }
  for (const cut of ['', 'AAAA', bytes.subarray(0, 20).toString('base64')])
    expect(() => box.open(NAME, `chainon-sealed-1:${cut}`)).toThrow(/was changed/)
  expect(box.seal(NAME, KEY)).not.toBe(sealed)
})

test('what was in clear text is sealed in its place, and nothing else is left of it in the folder', async () => {
  const dir = folderOf()
  const secret = loadOrCreateSecret(dir, NAME)
  const before = await openDayKeys(join(dir, 'sealing'), TODAY).live()
  const box = await fromEnvironment(KEY)
  expect(loadOrCreateSecret(dir, NAME, box)).toEqual(secret)
  const keys = openDayKeys(join(dir, 'sealing'), TODAY, true, box)
  expect((await keys.live()).map(({ seed }) => seed)).toEqual(before.map(({ seed }) => seed))
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  const all = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8')).join('\n')
  for (const one of [secret, ...before.map(({ seed }) => seed)]) expect(all).not.toContain(one.toString('hex'))
  expect(all).not.toContain('PRIVATE KEY')
  expect(() => openDayKeys(join(dir, 'sealing'), TODAY)).toThrow(/is sealed/)
  const day = before[0]?.day ?? 0
  await keys.shred(day, { who: 'test', why: 'test', at: '2026-01-01T00:00:00Z' })
  expect((await keys.live()).map((key) => key.day)).not.toContain(day)
})

test('the shares of a sealed secret are those of the secret, and it is sealed again where it is restored', async () => {
  const [from, to, out] = [folderOf(), folderOf(), folderOf()]
  const box = secretBox(Buffer.from(KEY, 'hex'))
  const other = secretBox(Buffer.alloc(32, 7))
  const secret = loadOrCreateSecret(from, NAME, box)
  const how = { of: 2, need: 2 }
  const files = await backUp(
    `deidentify/${NAME}`,
    () => from,
    join(out, 'shares'),
    how,
    '2026-01-01T00:00:00Z',
    async () => box,
  )
  await restore(
    files,
    () => to,
    false,
    async () => other,
  )
  expect(readFileSync(join(to, NAME), 'utf8')).toMatch(/^chainon-sealed-1:/)
  expect(loadOrCreateSecret(to, NAME, other)).toEqual(secret)
})

test('a key that is none is refused, and nothing of it or of what a program prints is in the error', async () => {
  const wrong: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
    [() => fromEnvironment('secret-words'), /CHAINON_SECRETS_KEY must be 64 hexadecimal digits/],
    [() => fromEnvironment(''), /CHAINON_SECRETS_KEY must be/],
    [() => program("console.log('secret-words')"), /must print 64 hexadecimal digits/],
    [() => program("console.error('secret-words');process.exit(3)"), /ended with 3/],
    [
      () => program("process.stdout.write('secret-words'.repeat(1000))"),
      /ended with ERR_CHILD_PROCESS_STDIO_MAXBUFFER/,
    ],
    [
      () => boxOf({ CHAINON_KEY_PROVIDER: 'command', CHAINON_SECRETS_KEY_COMMAND: '/nowhere/kms' }),
      /ended with ENOENT/,
    ],
    [() => boxOf({ CHAINON_KEY_PROVIDER: 'command' }), /CHAINON_SECRETS_KEY_COMMAND/],
    [() => outputOf([process.execPath, '-e', 'setInterval(() => 0, 1000)'], 300), /did not end in 0.3 s/],
  ]
  for (const [open, problem] of wrong) {
    const error: unknown = await open().catch((one: unknown) => one)
    expect(String(error)).toMatch(problem)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error as object))).not.toContain('secret-words')
  }
})

test('a program gets its arguments as they are: no shell reads them', async () => {
  const dir = folderOf()
  const output = await outputOf([process.execPath, '-e', 'console.log(process.argv[1])', `$(touch ${dir}/made)`])
  expect(output.trim()).toBe(`$(touch ${dir}/made)`)
  expect(existsSync(join(dir, 'made'))).toBe(false)
})

test.each([
  [{ CHAINON_VAULT_URL: 'http://vault.example:8200' }, /https URL/],
  [{ CHAINON_VAULT_URL: 'https://user:pass@vault.example' }, /https URL/],
  [{ CHAINON_VAULT_URL: 'https://vault.example' }, /CHAINON_VAULT_TOKEN_FILE and CHAINON_VAULT_KEY/],
])('%j is not enough to ask Vault', async (env, problem) => {
  await expect(boxOf({ CHAINON_KEY_PROVIDER: 'vault', ...env })).rejects.toThrow(problem)
})

test('Vault that is not reached is a dependency; a token that cannot be read is the configuration', async () => {
  const dir = folderOf()
  const vault = { CHAINON_KEY_PROVIDER: 'vault', CHAINON_VAULT_URL: 'http://127.0.0.1:1', CHAINON_VAULT_KEY: 'chainon' }
  const token = join(dir, 'token')
  await expect(boxOf({ ...vault, CHAINON_VAULT_TOKEN_FILE: token }, dir)).rejects.toThrow(/ENOENT/)
  writeFileSync(token, 'x')
  await expect(boxOf({ ...vault, CHAINON_VAULT_TOKEN_FILE: token }, dir)).rejects.toMatchObject({
    code: 'dependency-unavailable',
  })
})
