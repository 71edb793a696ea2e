/** The copy of the journal into ClickHouse: a topic and a table in memory. */
import { expect, test } from 'vitest'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import { verifyJournal } from '#core/journal/verify.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { journalCopy } from '../../../../services/console/collectors/journal-table.ts'
import { gateway, journal, operator, placed, trusted } from '../../core/journal/chain.ts'

function setUp() {
  const one = journal()
  const table: unknown[][] = []
  const alarms = createAlarms()
  const clickhouse = {
    query: async () => ({ json: async () => [] }),
    insert: async ({ values }: { values: unknown[][] }) => void table.push(...values),
  } as unknown as ClickHouseClient
  const copy = journalCopy({
    clickhouse,
    alarms,
    // What the console notes comes back as an entry of the topic.
    journal: { note: (event: JournalEvent) => one.write(operator, event) },
    end: async () => one.lines.length,
    read: async (from) => placed(one.lines).slice(from),
  })
  return { ...one, table, alarms, copy }
}

test('copies what is new, once, with an anchor that the verification accepts; an anchor is followed by no other one', async () => {
  const { copy, write, lines, table, heads } = setUp()
  write(gateway)
  write(gateway)
  await copy()
  await copy()
  await copy()
  expect(table.map(([offset]) => offset)).toEqual([0, 1, 2])
  expect(lines.length).toBe(3)
  write(gateway)
  await copy()
  await copy()
  expect(table.map(([, entry]) => entry)).toEqual(lines)
  expect(verifyJournal(placed(lines), trusted(gateway, operator), heads)).toMatchObject({ entries: 5, findings: [] })
})

test('a topic that is shorter than what was copied is an alarm', async () => {
  const { copy, write, lines, alarms } = setUp()
  write(gateway)
  write(gateway)
  await copy()
  lines.splice(1)
  await copy()
  expect(alarms.active()).toMatchObject([{ code: 'journal-shortened' }])
})
