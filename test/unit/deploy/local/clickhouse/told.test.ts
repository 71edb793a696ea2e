/** What the front tells its supervisor of logins and statements, and which of its lines the supervisor notes. */
import { Check } from 'typebox/schema'
import { beforeEach, describe, expect, test } from 'vitest'
import { JournalEvent } from '#core/journal/actions.ts'
import { type Told, tellFront } from '../../../../../deploy/local/clickhouse/told.ts'
import { STATEMENTS } from '../../../../../deploy/local/clickhouse/wall.ts'
import { relay } from '../../../../../deploy/local/clickhouse-journal.ts'
import { clickhouseUsers } from '../../../../../deploy/local/logins.ts'

const HOUR = 3_600_000
let now: number
let lines: string[]
let told: Told
beforeEach(() => {
  now = Date.UTC(2026, 0, 31, 8, 10)
  lines = []
  told = tellFront(
    (line) => void lines.push(line),
    () => now,
  )
})
const events = () => lines.map((line) => JSON.parse(line) as JournalEvent)
const shape = (at: number) => ({ fingerprint: at.toString(16).padStart(16, '0'), tables: ['person_link'] })

test('every user and every statement has a form', () => {
  for (const user of clickhouseUsers())
    for (const kind of [...STATEMENTS, 'OTHER']) told.ran(user, kind.toLowerCase(), 'done', shape(1))
  for (const user of clickhouseUsers()) told.loginFailed({ reason: 'wrong-password', user })
  for (const event of events()) expect(Check(JournalEvent, event), JSON.stringify(event)).toBe(true)
  expect(lines.length).toBeGreaterThan(clickhouseUsers().length * STATEMENTS.size)
})

test('statements are counted by user, kind, outcome and fingerprint; what an hour had is told when it is over', async () => {
  for (let at = 0; at < 5; at++) told.ran('reader', 'select', 'done', shape(7))
  told.ran('reader', 'select', 'refused')
  now += HOUR
  await told.stop()
  const facts = { hour: '2026-01-31T08:00Z', requests: 1, fingerprint: '0000000000000007', tables: ['person_link'] }
  const event = { actor: 'clickhouse:reader', action: 'query', object: 'clickhouse:select' }
  expect(events()).toEqual([
    { ...event, outcome: 'done', facts },
    { ...event, outcome: 'refused', facts: { hour: '2026-01-31T08:00Z', requests: 1 } },
    { ...event, outcome: 'done', facts: { ...facts, requests: 4 } },
  ])
})

test('so many different statements of a user become one count', async () => {
  for (let at = 0; at < 5_000; at++) told.ran('reader', 'select', 'done', shape(at))
  told.ran('operator', 'select', 'done', shape(9_999))
  await told.stop()
  expect(lines).toHaveLength(200 + 2 + 1)
  const requests = events().map(({ facts }) => ('requests' in facts ? facts.requests : 0))
  expect(requests.reduce((sum, count) => sum + count, 0)).toBe(5_001)
})

test('a flood of failed logins is told at the 1st, 2nd, 4th', () => {
  for (let at = 0; at < 1_000; at++) told.loginFailed({ reason: 'wrong-password', user: 'reader' })
  expect(events().map(({ facts }) => facts)).toEqual(
    Array.from({ length: 10 }, (_, power) => ({ reason: 'wrong-password', failures: 2 ** power })),
  )
  expect(events()[0]).toMatchObject({ actor: 'unknown', action: 'login-failed', object: 'clickhouse:reader' })
})

describe('the supervisor', () => {
  const good = () => {
    told.ran('reader', 'select', 'done')
    return lines[0] ?? ''
  }

  test.each<[string, (line: string) => string]>([
    ['no JSON', () => 'SELECT 1'],
    ['a fact that has no form', (line) => line.replace('"requests"', '"sql":"Jeanne Martin","requests"')],
    ['a user that ClickHouse does not have', (line) => line.replace('clickhouse:reader', 'clickhouse:jeanne')],
    ['an event of another program', (line) => line.replace('clickhouse:select', 'cli:ledger')],
    ['another actor', (line) => line.replace('clickhouse:reader', 'service:curate')],
    [
      'another action',
      () => '{"actor":"unknown","action":"key-revoke","object":"key:0123456789ab","outcome":"done","facts":{}}',
    ],
    [
      'a login at the gateway',
      () =>
        '{"actor":"unknown","action":"login-failed","object":"gateway","outcome":"refused","facts":{"reason":"unknown","failures":1}}',
    ],
  ])('does not note %s', (_what, change) => {
    const noted: JournalEvent[] = []
    let lost = 0
    const take = relay({ note: (event) => void noted.push(event) }, () => lost++)
    take(change(good()))
    expect([noted, lost]).toEqual([[], 1])
    take(good())
    expect([noted.length, lost]).toEqual([1, 1])
  })

  test('notes so many an hour', () => {
    let noted = 0
    let lost = 0
    const take = relay(
      { note: () => void noted++ },
      () => lost++,
      () => now,
      10,
    )
    const line = good()
    for (let at = 0; at < 12; at++) take(line)
    expect([noted, lost]).toEqual([10, 2])
    now += HOUR
    take(line)
    expect(noted).toBe(11)
  })
})
