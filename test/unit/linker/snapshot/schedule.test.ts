/** When snapshots are taken, which stay, what is shown, and the key for which they are sealed; the folder is a real one. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { combined, restore, SNAPSHOT_KEY } from '#core/custody/backup.ts'
import { publicKeyOf } from '#core/sealing/hpke.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { answered, ask, asked, snapshotPath, snapshotsIn, tidy } from '../../../../services/linker/snapshot/folder.ts'
import { type ScheduleOptions, snapshotSchedule } from '../../../../services/linker/snapshot/schedule.ts'
import { makeSnapshotKey, readSnapshotKey } from '../../../../services/linker/snapshot/snapshot-key.ts'

const HOUR = 3_600_000
const BEGIN = Date.parse('2026-03-01T00:00:00Z')
const SECRET = Buffer.alloc(32, 4)
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-snapshots-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function harness(more: Partial<ScheduleOptions> = {}) {
  const place = { at: BEGIN, fails: false, bytes: 100, taken: 0 }
  const shown = new Map<string, number>()
  const alarms = createAlarms()
  const tick = snapshotSchedule({
    ...{ folder, index: 'main', hours: 24, kept: 2, alarms, now: () => place.at },
    form: { layout: 'l', key: 'k', model: 'm', kinds: 1, hub: 1, format: 3 },
    key: () => ({ publicKey: Buffer.alloc(32), id: '0'.repeat(16), fingerprint: '1'.repeat(16), madeAt: '' }),
    async take(path, _header, _key, onProgress) {
      place.taken++
      if (place.fails) throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
      onProgress(1, 2)
      writeFileSync(path, Buffer.alloc(place.bytes))
      return { records: 2, bytes: place.bytes }
    },
    metrics: { gauge: (name) => (value) => void shown.set(name, value) },
    logger: { info: () => undefined, warn: () => undefined } as unknown as ScheduleOptions['logger'],
    ...more,
  })
  return { tick, place, shown, alarms }
}

test('one is taken at the interval; the newest and the largest stay; count, age and size are shown', async () => {
  const { tick, place, shown } = harness()
  place.bytes = 500
  for (let n = 0; n < 5; n++) {
    await tick()
    await tick()
    place.at += 24 * HOUR
    place.bytes = 100 + n
  }
  expect(place.taken).toBe(5)
  // An index that was lost has small ones: the one of before stays.
  expect(snapshotsIn(folder, 'main').map(({ bytes }) => bytes)).toEqual([103, 102, 500])
  place.at -= 23 * HOUR
  await tick()
  expect(Object.fromEntries(shown)).toEqual({
    chainon_linkage_snapshots: 3,
    chainon_linkage_snapshot_age_seconds: 3600,
    chainon_linkage_snapshot_bytes: 103,
  })
})

test('who asks gets one at once, and is told of it or why there is none', async () => {
  const { tick, place } = harness({ hours: 0 })
  await tick()
  expect(place.taken).toBe(0)
  ask(folder, 'a'.repeat(16))
  await tick()
  const path = snapshotPath(folder, 'main', BEGIN)
  expect(answered(folder)).toEqual({ id: 'a'.repeat(16), state: 'done', records: 2, of: 2, bytes: 100, text: path })
  expect(asked(folder)).toBeUndefined()
  place.fails = true
  ask(folder, 'b'.repeat(16))
  await tick()
  expect(answered(folder)).toMatchObject({ id: 'b'.repeat(16), state: 'failed', text: 'ENOSPC' })
  const without = harness({ key: () => undefined })
  ask(folder, 'c'.repeat(16))
  await without.tick()
  expect(answered(folder)).toMatchObject({ state: 'failed', text: expect.stringContaining('snapshot-key') })
  expect(without.place.taken).toBe(0)
})

test('a failure is an alarm, is tried again later, and the alarm goes with the next success', async () => {
  const { tick, place, alarms } = harness()
  place.fails = true
  await tick()
  await tick()
  expect(place.taken).toBe(1)
  expect(alarms.active()).toMatchObject([{ code: 'linkage-snapshot', message: expect.stringContaining('ENOSPC') }])
  place.at += HOUR
  place.fails = false
  await tick()
  expect([place.taken, alarms.active()]).toEqual([2, []])
})

test('an old one is an alarm where a linker takes none', async () => {
  const { tick, place, alarms } = harness()
  await tick()
  place.fails = true
  place.at += 49 * HOUR
  await tick()
  expect(alarms.active()).toHaveLength(1)
  const other = harness({ key: () => undefined })
  other.place.at += 49 * HOUR
  await other.tick()
  expect(other.alarms.active()).toMatchObject([{ message: expect.stringContaining('older than 48 hours') }])
})

test('parts of a killed linker go, and snapshots of another index stay', () => {
  for (const name of ['main-20260301T000000Z.snapshot.part', 'other-20260301T000000Z.snapshot', 'main-x.snapshot'])
    writeFileSync(join(folder, name), 'x')
  expect(tidy(folder, 'main', 1)).toBe(0)
  expect(readdirSync(folder).toSorted()).toEqual(['main-x.snapshot', 'other-20260301T000000Z.snapshot'])
})

test('the secret half is in the shares alone, and the linker believes only a public half of its own', async () => {
  const [secrets, out] = [join(folder, 'secrets'), join(folder, 'shares')]
  const how = { of: 3, need: 2, out, replace: false }
  expect(readSnapshotKey(secrets, SECRET)).toBeUndefined()
  const { files, ...made } = await makeSnapshotKey(secrets, SECRET, how, '2026-03-01T00:00:00.000Z')
  expect(readSnapshotKey(secrets, SECRET)).toEqual(made)
  const { key, secret, fingerprint } = await combined(files.slice(1))
  expect([key, fingerprint]).toEqual([SNAPSHOT_KEY, made.fingerprint])
  expect(await publicKeyOf(secret)).toEqual(made.publicKey)
  await expect(combined(files.slice(0, 1))).rejects.toThrow('needs 2 of its 3 shares')
  expect(readdirSync(secrets)).toEqual(['linkage-snapshot.json'])
  const path = join(secrets, 'linkage-snapshot.json')
  const text = readFileSync(path, 'utf8')
  for (const form of [secret.toString('hex'), secret.toString('base64')]) expect(text).not.toContain(form)
  await expect(makeSnapshotKey(secrets, SECRET, how, '')).rejects.toThrow('--replace')
  // A public half that somebody else has put there would seal for him.
  const other = await publicKeyOf(Buffer.alloc(32, 8))
  writeFileSync(path, text.replace(made.publicKey.toString('hex'), other.toString('hex')))
  expect(() => readSnapshotKey(secrets, SECRET)).toThrow('not that of this linker')
  expect(() => readSnapshotKey(secrets, Buffer.alloc(32, 5))).toThrow('not that of this linker')
  // `chainon keys restore` checks the shares for a custodian, and puts this secret on no disk.
  const folderOf = () => secrets
  expect(await restore(files.slice(0, 2), folderOf, true)).toMatchObject({ key: SNAPSHOT_KEY, present: false })
  await expect(restore(files.slice(0, 2), folderOf, false)).rejects.toThrow('in shares alone')
  expect(existsSync(join(secrets, 'linkage-snapshot.key'))).toBe(false)
})
