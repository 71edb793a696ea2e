/** What can stand in the journal: no text in which an identity could be. */
import { Check } from 'typebox/schema'
import { describe, expect, test } from 'vitest'
import { ACTIONS, hourOf, JournalEvent, osActor } from '#core/journal/actions.ts'
import { revocation } from './chain.ts'

const accepted = (event: object) => Check(JournalEvent, event)

test('an event is one of the table', () => {
  expect(accepted(revocation())).toBe(true)
  expect(ACTIONS).toContain('key-revoke')
})

describe('what it does not accept', () => {
  const gap = 'gap:observation:Abc_-0123:0:10-20'
  test.each([
    ['a free text as the object', { ...revocation(), object: 'key:of Jeanne Martin' }],
    ['a reason', { ...revocation(), facts: { reason: 'wrong record sent' } }],
    ['a further key', { ...revocation(), patient_id: 'ipp-1' }],
    ['a name as the actor', { ...revocation(), actor: 'os:Jeanne Martin' }],
    ['an API key as the actor', { ...revocation(), actor: `key:chn_0123456789ab_${'x'.repeat(60)}` }],
    ['another action', { ...revocation(), action: 'read' }],
    [
      'a text of a producer as a fact',
      { ...revocation(), action: 'key-create', facts: { producer: 'CHU Nord', scopes: [] } },
    ],
    ['an identifier of a record', { ...revocation(), action: 'query', object: 'cli:ledger/ipp-123' }],
    ['a gap with more', { ...revocation(), action: 'gap-accept', object: `${gap}:ipp-1`, facts: { records: 10 } }],
  ])('%s', (_what, event) => {
    expect(accepted(event)).toBe(false)
  })

  test('a gap as it is', () => {
    expect(accepted({ ...revocation(), action: 'gap-accept', object: gap, facts: { records: 10 } })).toBe(true)
  })
})

test('an account of the machine keeps what names of accounts have', () => {
  expect(osActor('root')).toBe('os:root')
  expect(osActor('Jeanne Martin')).toBe('os:JeanneMartin')
  expect(osActor('é')).toBe('os:unnamed')
})

test('an hour', () => expect(hourOf(Date.UTC(2026, 0, 31, 8, 59))).toBe('2026-01-31T08:00Z'))
