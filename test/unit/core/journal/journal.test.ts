/** A journal with real files, and Kafka as a list of lines that may be away. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { JournalEvent } from '#core/journal/actions.ts'
import { readEntry } from '#core/journal/entry.ts'
import { chainFolders, journalFolder } from '#core/journal/folders.ts'
import { openJournal, withEntry } from '#core/journal/journal.ts'
import { knownChains } from '#core/journal/known.ts'
import { sendingRound } from '#core/journal/send.ts'
import { openSpool } from '#core/journal/spool.ts'
import { verifyJournal } from '#core/journal/verify.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { placed, revocation } from './chain.ts'

let dataDir = ''
let log: string[] = []
let away = false
const onLost = vi.fn<(error: unknown) => void>()
const send = async (lines: readonly string[]) => {
  if (away) throw new Error('Kafka is away')
  log.push(...lines)
}
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'chainon-journal-'))
  log = []
  away = false
  onLost.mockClear()
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const open = (program = 'cli') =>
  openJournal({ program, dataDir, secretsDir: join(dataDir, 'secrets', program), onLost })
const alarms = createAlarms()
const round = (now = Date.now) =>
  sendingRound({ dataDir, send, alarms, metrics: createMetrics('test'), logger: createLogger('test', 'fatal'), now })()
const said = () => log.map((line) => [readEntry(line)?.action, readEntry(line)?.outcome])
const findings = () => {
  const { writers, heads } = knownChains([journalFolder(dataDir)])
  return verifyJournal(placed(log), writers, heads).findings
}

test('what is noted while Kafka is away is sent when it is back, by any process of the data folder', async () => {
  away = true
  open().note(revocation())
  open('gateway').note(revocation())
  await round()
  expect([log, alarms.active()]).toEqual([[], []])
  await round(() => Date.now() + 61_000)
  expect(alarms.active()).toMatchObject([{ code: 'journal-unsent' }])
  away = false
  await round()
  expect(alarms.active()).toEqual([])
  expect([log.length, findings()]).toEqual([2, []])
  await round()
  expect(log.length).toBe(2)
  expect(onLost).not.toHaveBeenCalled()
})

test('an event that the journal does not have is lost, loudly, and stops nothing', () => {
  open().note({ ...revocation(), object: 'key:Jeanne Martin' } as JournalEvent)
  expect(onLost).toHaveBeenCalledTimes(1)
  expect(chainFolders(journalFolder(dataDir))).toEqual([])
})

test('a folder that cannot be written stops nothing', () => {
  writeFileSync(join(dataDir, 'journal'), 'a file')
  open().note(revocation())
  expect(onLost).toHaveBeenCalledTimes(1)
})

test('what needs an entry is not done without Kafka, and the journal says that it was refused', async () => {
  away = true
  const work = vi.fn(async () => 'done')
  await expect(withEntry(open(), send, revocation(), work)).rejects.toThrow(/Nothing was done: the access journal/)
  expect(work).not.toHaveBeenCalled()
  away = false
  await round()
  expect(said()).toEqual([
    ['key-revoke', 'begun'],
    ['key-revoke', 'refused'],
  ])
})

test('what needs an entry has it in Kafka before it begins, and its end after it', async () => {
  const seen: unknown[] = []
  const work = async () => void seen.push(...said())
  await withEntry(open(), send, revocation(), work)
  expect(seen).toEqual([['key-revoke', 'begun']])
  await expect(withEntry(open(), send, revocation(), () => Promise.reject(new Error('no disk')))).rejects.toThrow(
    'no disk',
  )
  await round()
  expect(said().map(([, outcome]) => outcome)).toEqual(['begun', 'done', 'begun', 'failed'])
  expect(findings()).toEqual([])
})

test('what needs an entry is not done when its spool cannot be written', async () => {
  writeFileSync(join(dataDir, 'journal'), 'a file')
  const work = vi.fn(async () => 'done')
  await expect(withEntry(open(), send, revocation(), work)).rejects.toThrow()
  expect(work).not.toHaveBeenCalled()
})

test('the heads of the state show that the end was cut off, also of what was never sent again', async () => {
  open().note(revocation())
  open().note(revocation())
  await round()
  log.pop()
  expect(findings()).toMatchObject([{ kind: 'truncated', sequence: 2 }])
  const [folder = ''] = chainFolders(journalFolder(dataDir))
  expect(openSpool(folder).unsent()).toEqual([])
})

test('a host with a copy of the secrets, or one that lost its state, is another writer', () => {
  open().note(revocation())
  const names = () => chainFolders(journalFolder(dataDir)).map((folder) => basename(folder))
  const [first] = names()
  open().note(revocation())
  expect(names()).toEqual([first])
  rmSync(journalFolder(dataDir), { recursive: true })
  open().note(revocation())
  expect(names()).not.toEqual([first])
})
