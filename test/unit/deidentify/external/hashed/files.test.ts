/** The list and the secret of a third party: read by line, refused when somebody could guess it, and in no error. */
import { createHmac, randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ConfigurationError } from '#core/faults/errors.ts'
import { readHashes } from '../../../../../services/deidentify/external/hashed/read-hashes.ts'
import { readSharedSecret } from '../../../../../services/deidentify/external/hashed/read-secret.ts'
import { nirOf } from '../../../../helpers/records.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (text: string | Buffer, mode = 0o600) => {
  const path = join(folder, 'file')
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}
const FORM = { identifier: 'nir', characters: 15, encoding: 'hex' } as const
const HASH = createHmac('sha256', Buffer.alloc(32, 1)).update('x').digest()
const problems = (text: string) =>
  readHashes(at(text), FORM).then(
    () => [],
    (error: unknown) => (error instanceof ConfigurationError ? error.problems : Promise.reject(error)),
  )

test('subjects and hashes, in either order, with any delimiter; a hash may be there twice', async () => {
  const expected = { subject: 'S-1', hash: HASH.toString('base64url') }
  expect(await readHashes(at(`subject,hash\nS-1,${HASH.toString('hex')}\n`), FORM)).toEqual([expected])
  expect(
    await readHashes(
      at(`hash;subject\n${HASH.toString('hex').toUpperCase()};S-1\n${HASH.toString('hex')};S-2\n`),
      FORM,
    ),
  ).toEqual([expected, { ...expected, subject: 'S-2' }])
})

test('what is wrong is told by line, column and rule, and no value is repeated', async () => {
  const number = nirOf('2790351215189')
  const hash = HASH.toString('hex')
  const found = await problems(
    `subject,hash\nS-1,${hash}secret\n${number},${hash}\nS-3,${number}\nS-1,${hash}\nS-5,${hash}\nS-5,${hash}\n,${hash}\n`,
  )
  expect(found).toEqual([
    'line 2: column hash: 64 hexadecimal digits (form)',
    'line 3: column subject: it is a national number; a project has numbers of its own (no-identifier)',
    'line 4: column hash: it is a national number that nobody has hashed: destroy this file (no-identifier)',
    'line 4: column hash: 64 hexadecimal digits (form)',
    'line 7: column subject: the subject of line 6 is there again (duplicate-subject)',
    'line 8: column subject: 1 to 64 letters, digits and . _ - (required)',
  ])
  expect(found.join()).not.toMatch(/secret|279035/)
  expect(await problems(`subject,hash,name\nS-1,${hash},Secret\n`)).toEqual([
    expect.stringContaining('its header must be subject and hash, and nothing else'),
  ])
  expect(await problems('subject\nS-1\n')).toHaveLength(1)
})

test('a secret is 32 random bytes or more, for its user alone', () => {
  const secret = randomBytes(32)
  for (const text of [secret.toString('hex'), secret.toString('base64'), `${secret.toString('base64url')}\n`])
    expect(readSharedSecret(at(text))).toEqual(secret)
  expect(readSharedSecret(at(randomBytes(64).toString('hex'))).length).toBe(64)
  expect(() => readSharedSecret(at(secret.toString('hex'), 0o640))).toThrow(/readable by others/)
  expect(() => readSharedSecret(join(folder, 'none'))).toThrow(/ENOENT/)
})

test('what may be guessed is no secret, and is not repeated', () => {
  const phrase = 'correct horse battery staple, and some more words'
  const weak: readonly (readonly [string, RegExp])[] = [
    [randomBytes(31).toString('hex'), /has 31 bytes, and needs 32/],
    [phrase, /must be random bytes/],
    ['a'.repeat(80), /bytes repeat or count/],
    [Buffer.from(phrase).toString('hex'), /it is a text/],
    [Buffer.from(phrase).toString('base64'), /it is a text/],
    [Buffer.alloc(32).toString('hex'), /repeat or count/],
    [Buffer.from(Array.from({ length: 64 }, (_, n) => n + 128)).toString('hex'), /repeat or count/],
    [Buffer.concat([Buffer.alloc(24), randomBytes(8)]).toString('hex'), /repeat or count/],
    ['x'.repeat(5000), /larger than 4 KiB/],
    ['', /must be random bytes/],
  ]
  for (const [text, rule] of weak) {
    expect(() => readSharedSecret(at(text))).toThrow(rule)
    if (text !== '') expect(() => readSharedSecret(at(text))).not.toThrow(text)
  }
  for (let n = 0; n < 50; n++) readSharedSecret(at(randomBytes(32).toString('hex')))
})
