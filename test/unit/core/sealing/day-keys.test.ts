import {
  chmodSync,
  cpSync,
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
import { ConfigurationError } from '#core/faults/errors.ts'
import { parseDay, textOfDay } from '#core/sealing/day.ts'
import { DAYS_AHEAD, openDayKeys } from '#core/sealing/day-keys.ts'
import { unwrapDataKey, wrapDataKey } from '#core/sealing/hpke.ts'

const TODAY = parseDay('2026-02-27') ?? 0
const BY = { who: 'operator', why: 'incident 7', at: '2026-02-27T10:00:00.000Z' }
let root: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chainon-sealing-'))
  folder = join(root, 'sealing')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('there is a key of the day before, of today, and of the next days; files and folder are for the owner only', async () => {
  const keys = await openDayKeys(folder, TODAY).live()
  expect(keys.map(({ day }) => textOfDay(day))).toEqual(
    Array.from({ length: DAYS_AHEAD + 2 }, (_, i) => textOfDay(TODAY - 1 + i)),
  )
  expect(new Set(keys.map(({ id }) => id)).size).toBe(keys.length)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0)
})

test('a second start has the same keys; another installation has others', async () => {
  const ids = async (at: string) => (await openDayKeys(at, TODAY).live()).map(({ id }) => id)
  const first = await ids(folder)
  expect(await ids(folder)).toEqual(first)
  expect(await ids(join(root, 'other'))).not.toEqual(first)
})

test('hosts that have a copy of one state make the same keys of later days', async () => {
  openDayKeys(folder, TODAY)
  const copy = join(root, 'copy')
  cpSync(folder, copy, { recursive: true })
  const later = async (at: string) => (await openDayKeys(at, TODAY + 40).live()).at(-1)
  expect(await later(copy)).toEqual(await later(folder))
})

test('a key that was shredded is nowhere: from all that is left nobody opens what it had sealed', async () => {
  const keys = openDayKeys(folder, TODAY)
  const [, today] = await keys.live()
  if (!today) throw new Error('there is no key of today')
  const wrapped = await wrapDataKey(today.publicKey, Buffer.alloc(32, 9))
  expect(await unwrapDataKey(today.seed, wrapped)).toEqual(Buffer.alloc(32, 9))
  const before = today.seed.toString('hex')
  expect(await keys.shred(today.day, BY)).toEqual({ day: '2026-02-27', id: today.id, ...BY })
  for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name), 'utf8')).not.toContain(before)
  // Neither by a new start, nor by going on, nor with a key that is left.
  for (const day of [TODAY, TODAY + 40]) {
    const left = openDayKeys(folder, day)
    expect((await left.live()).map(({ id }) => id)).not.toContain(today.id)
    for (const { seed } of await left.live()) expect(await unwrapDataKey(seed, wrapped)).toBeUndefined()
    expect(left.shredded()).toEqual([{ day: '2026-02-27', id: today.id, ...BY }])
  }
  expect(await keys.shred(today.day, BY)).toBeUndefined()
})

test('who only reads makes no keys: not on a host where there are none', () => {
  expect(() => openDayKeys(folder, TODAY, false)).toThrow(/There are no sealing keys/)
  expect(existsSync(folder)).toBe(false)
})

test('a clock that goes back makes nothing', async () => {
  const keys = openDayKeys(folder, TODAY)
  const before = readdirSync(folder)
  expect(keys.advance(TODAY - 400)).toBe(false)
  expect(readdirSync(folder)).toEqual(before)
})

test('a lost state, a damaged key and a key that others can read are told, and nothing is made anew', async () => {
  openDayKeys(folder, TODAY)
  const seed = join(folder, '2026-02-27.seed')
  chmodSync(seed, 0o644)
  await expect(openDayKeys(folder, TODAY).live()).rejects.toThrow(/2026-02-27\.seed is readable by others/)
  chmodSync(seed, 0o600)
  writeFileSync(seed, 'xyz\n')
  await expect(openDayKeys(folder, TODAY).live()).rejects.toThrow(ConfigurationError)
  rmSync(join(folder, 'ratchet.json'))
  expect(() => openDayKeys(folder, TODAY)).toThrow(/ratchet\.json: restore/)
})

test('a lost authority is told, and the folder is to be restored', () => {
  openDayKeys(folder, TODAY)
  rmSync(join(folder, 'authority.pem'))
  expect(() => openDayKeys(folder, TODAY)).toThrow(/authority\.pem: restore the folder/)
  expect(existsSync(join(folder, 'authority.pem'))).toBe(false)
})
