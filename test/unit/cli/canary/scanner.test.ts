/** The search of `chainon canary` finds a value in every form that a program could have written by mistake, and says what it could not read. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { inventor } from '../../../../services/cli/canary/invent.ts'
import { scannerFor } from '../../../../services/cli/canary/scanner.ts'
import { Search } from '../../../../services/cli/canary/search.ts'

const invent = inventor('scanner')
const [name, accented, nir, mobile] = [invent.word(), invent.accented(), invent.nir(), invent.mobile()]
const scanner = scannerFor([name, accented, nir, mobile, 'canary-1'])
const folder = mkdtempSync(join(tmpdir(), 'chainon-scan-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const found = (bytes: Buffer | string) =>
  new Set(scanner.scan(Buffer.from(bytes as string)).map(({ canary }) => canary))
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()

describe('a value is found', () => {
  test.each([
    ['as it is', `{"a":"${name}"}`, name],
    ['in capitals', name.toUpperCase(), name],
    ['URL-encoded', `?q=${encodeURIComponent(accented)}&`, accented],
    ['in UTF-16, little endian', Buffer.from(`x${name}x`, 'utf16le'), name],
    ['in UTF-16, big endian', utf16be(`x${name}x`), name],
    ['in Latin-1', Buffer.from(accented, 'latin1'), accented],
    ['in capitals with accents', accented.toUpperCase(), accented],
    ['decomposed', accented.normalize('NFD'), accented],
    ['without accents', accented.normalize('NFD').replaceAll(/\p{M}/gu, ''), accented],
    ['reversed', Array.from(name).reverse().join(''), name],
    ['in pairs of digits', mobile.replace(/(\d\d)(?=\d)/g, '$1 '), mobile],
    ['in pairs of digits from its end', mobile.replace(/(\d)(?=(?:\d\d)+$)/g, '$1.'), mobile],
    ['in threes', Number(nir).toLocaleString('de'), nir],
    ['as a NIR is written', nir.replace(/^(\d)(\d\d)(\d\d)(\d\d)(\d{3})(\d{3})(\d\d)$/, '$1 $2 $3 $4 $5 $6 $7'), nir],
    ['hashed without a key', createHash('sha256').update(nir).digest('hex'), nir],
    ['hashed in capitals', createHash('sha1').update(name.toUpperCase()).digest('hex'), name],
    ['hashed, as bytes', createHash('md5').update(accented).digest(), accented],
    ['hashed, in base64', createHash('sha256').update(name).digest('base64'), name],
    ['without its key', nir.slice(0, 13), nir],
  ] as const)('%s', (_form, bytes, canary) => expect(found(bytes)).toEqual(new Set([canary])))

  const encodings = ['base64', 'base64url', 'hex'] as const
  test.each(encodings.flatMap((encoding) => [0, 1, 2, 3].map((before) => [encoding, before] as const)))(
    'in %s, after %d bytes, in any case of it',
    (encoding, before) => {
      for (const text of [name, name.toLowerCase(), name.toUpperCase()]) {
        const encoded = Buffer.from(`${'.'.repeat(before)}${text}...`).toString(encoding)
        expect(found(encoded)).toEqual(new Set([name]))
      }
    },
  )

  test('where two pieces of a stream cut it, and two of a file', () => {
    for (let cut = 1; cut < name.length; cut++) {
      const scan = scanner.stream()
      expect(scan(Buffer.from(`..${name.slice(0, cut)}`))).toEqual([])
      expect(scan(Buffer.from(`${name.slice(cut)}..`)).map(({ canary }) => canary)).toEqual([name])
    }
    writeFileSync(join(folder, 'long'), Buffer.concat([Buffer.alloc(256 * 1024 - 5, 'x'), Buffer.from(name)]))
    expect(scanner.scanFolder(folder, () => false).found.map(({ canary }) => canary)).toContain(name)
  })
})

test('what is no form of a value is not found', () => {
  const other = inventor('another seed')
  expect(found([other.word(), other.accented(), other.nir(), other.mobile()].join(' '))).toEqual(new Set())
})

test('what cannot be read is named, and the name of the producer is no hit but a proof that something was read', () => {
  mkdirSync(join(folder, 'closed'))
  writeFileSync(join(folder, 'closed', 'log'), `canary-1 wrote ${nir}`)
  const search = new Search(scanner, 'canary-1')
  search.unread('topic t', Object.assign(new Error('no'), { code: 'EACCES' }))
  expect(search.report('files', '', true)).toMatchObject({
    control: 'missing',
    unread: [{ what: 'topic t', why: 'EACCES' }],
  })
  search.folder(folder, (path) => path.endsWith('long'))
  expect(search.report('files', '', true)).toMatchObject({
    control: 'seen',
    hits: expect.arrayContaining([expect.objectContaining({ canary: nir, where: join(folder, 'closed', 'log') })]),
  })
  const gone = new Search(scanner, 'canary-1')
  gone.folder(join(folder, 'no-folder'), () => false)
  expect(gone.report('files', '', true)).toMatchObject({ control: 'missing', bytes: 0 })
})
