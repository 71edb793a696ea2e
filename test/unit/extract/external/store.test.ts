/** Correspondences: whatever is changed, interrupted or late, nobody opens one that is destroyed, expired or of another project. */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CLEAR } from '#core/crypto/secret-box.ts'
import { storeSecret } from '#core/crypto/secrets.ts'
import { type Correspondences, correspondences } from '../../../../services/extract/external/store.ts'

const ID = '0123456789abcdef'
const EXPIRES = Date.parse('2026-12-31T00:00:00Z')
const NOW = Date.parse('2026-12-01T00:00:00Z')
const GIVEN = { id: ID, project: 'study', circuit: 'direct', made_at: '2026-11-30T00:00:00.000Z', expires: EXPIRES }
const ROWS = [
  { subject: 'S-2', person: 'p3_bbb' },
  { subject: 'S-1', person: 'p3_aaa' },
]

let folder: string
let store: Correspondences
const secrets = () => join(folder, 'secrets')
const own = (name: string) => join(folder, 'external-links', ID, name)
const keyFile = () => join(secrets(), `external-${ID}.key`)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-'))
  store = correspondences(folder, secrets(), CLEAR)
  store.keep(GIVEN, ROWS, new Map([['report.json', '{}\n']]))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('it is kept sealed, for its user alone, and opened with its key', () => {
  expect(store.open(ID, NOW)).toBe('subject,person_id\nS-1,p3_aaa\nS-2,p3_bbb\n')
  for (const name of readdirSync(join(folder, 'external-links', ID))) {
    expect(statSync(own(name)).mode & 0o777).toBe(0o600)
    expect(readFileSync(own(name), 'utf8')).not.toMatch(/S-1|p3_/)
  }
  expect(store.list()).toEqual([expect.objectContaining({ id: ID, project: 'study' })])
})

test('destroyed, neither key nor file is there, a copy of the file does not open, and again is the same', () => {
  const copy = join(folder, 'copy')
  copyFileSync(own('correspondence.sealed'), copy)
  const { sha256, key } = store.circuit(ID)
  expect(store.destroy(ID, NOW)).toEqual({ key, sha256, at: '2026-12-01T00:00:00.000Z' })
  expect([existsSync(keyFile()), existsSync(own('correspondence.sealed'))]).toEqual([false, false])
  expect(() => store.open(ID, NOW)).toThrow(/destroyed on 2026-12-01/)
  expect(store.destroy(ID, NOW + 1)).toEqual({ key, sha256, at: '2026-12-01T00:00:00.000Z' })
  // The copy, a forged description and a key of somebody else.
  copyFileSync(copy, own('correspondence.sealed'))
  const { destroyed_at: _at, ...before } = store.circuit(ID)
  writeFileSync(own('circuit.json'), JSON.stringify(before))
  expect(() => store.open(ID, NOW)).toThrow(/its key is destroyed/)
  storeSecret(secrets(), `external-${ID}.key`, Buffer.alloc(32, 1))
  expect(() => store.open(ID, NOW)).toThrow(/were changed, or the key is another one/)
})

test('killed between the key and the file: the next one goes on', () => {
  rmSync(keyFile())
  const { sha256, key } = store.circuit(ID)
  expect(store.destroy(ID, NOW)).toMatchObject({ sha256, key })
  expect(existsSync(own('correspondence.sealed'))).toBe(false)
})

test('expired it is not opened, and neither a later expiry nor another project can be written beside it', () => {
  expect(() => store.open(ID, EXPIRES)).toThrow(/has expired/)
  for (const change of [{ expires: EXPIRES + 86_400_000 }, { project: 'other' }]) {
    writeFileSync(own('circuit.json'), JSON.stringify({ ...store.circuit(ID), ...change }))
    expect(() => store.open(ID, NOW)).toThrow(/were changed/)
    writeFileSync(own('circuit.json'), JSON.stringify({ ...store.circuit(ID), expires: EXPIRES, project: 'study' }))
  }
  expect(store.open(ID, NOW)).toContain('S-1')
})

test('what a killed run left is removed: a folder that is not complete, and its key; others stay', () => {
  const orphan = join(secrets(), 'external-ffffffffffffffff.key')
  storeSecret(secrets(), 'external-ffffffffffffffff.key', Buffer.alloc(32, 2))
  const elsewhere = join(secrets(), 'external-eeeeeeeeeeeeeeee.key')
  storeSecret(secrets(), 'external-eeeeeeeeeeeeeeee.key', Buffer.alloc(32, 5))
  storeSecret(secrets(), 'project-study.key', Buffer.alloc(32, 3))
  const building = join(folder, 'external-links', '.building-ffffffffffffffff')
  storeSecret(building, 'correspondence.sealed', Buffer.alloc(32, 4))
  store.sweep()
  expect([existsSync(orphan), existsSync(building)]).toEqual([false, false])
  expect(existsSync(join(secrets(), 'project-study.key'))).toBe(true)
  // Of another data folder, maybe.
  expect(existsSync(elsewhere)).toBe(true)
  expect(store.open(ID, NOW)).toContain('S-1')
  // A name that is no id reaches no other folder.
  expect(() => store.circuit('../../secrets')).toThrow(/no such correspondence/)
})

test('a run of the same id changes nothing', () => {
  expect(() => store.keep(GIVEN, [], new Map())).toThrow(/of that name already/)
  expect(store.open(ID, NOW)).toContain('S-1')
  expect(existsSync(join(folder, 'external-links', `.building-${ID}`))).toBe(false)
})
