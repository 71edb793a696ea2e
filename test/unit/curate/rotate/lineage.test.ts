/**
 * The lineage of second-level pseudonyms: every column that could have one, by the definitions of all tables and views, is in it or is named here
 * with the reason why it has none. A table that is added with such a column makes this test fail.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { tableStatements } from '#core/contract/table.ts'
import { lineageOf, SHARED_TABLES, writtenColumns } from '../../../../services/curate/rotate/lineage.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const FOLDER = join(ROOT, 'schemas/clickhouse')
const contracts = loadContracts(join(ROOT, 'schemas/feeds'))
const migrations = readdirSync(FOLDER).map((file) => readFileSync(join(FOLDER, file), 'utf8'))
const ofFeeds = contracts.flatMap((contract) => tableStatements(contract, 'chainon', new Map()))

/** Columns that look like pseudonyms and are none. */
const NONE = new Map([
  ['receipt.records', "a hash under the gateway's own key of what the producer sent"],
  ['record_missing.finding_id', 'made of feed, incarnation and offsets'],
  ['finding.finding_id', 'the same'],
  ['log_identity.cluster_id', 'of Kafka'],
])
const NAME = /^(?:records?|prefix|.*_id)$/
const MEANING = /\bpseudonyms?\b|record_id|hash of the id/i

/** @returns table, name, type and comment of each column that is created or added */
function definitions(text: string): readonly { table: string; name: string; type: string; rest: string }[] {
  const made = [...text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(?:`\w+`\.)?`?(\w+)`?\s*\(\n([^]*?)\n\)/g)]
  const added = [...text.matchAll(/ALTER TABLE (?:`\w+`\.)?`?(\w+)`?\n([^]*?);/g)]
  return [...made, ...added].flatMap(([, table = '', body = '']) =>
    body
      .split('\n')
      .map((line) => /^\s*(?:ADD COLUMN (?:IF NOT EXISTS )?)?`?(\w+)`? (\S+)(.*)$/.exec(line))
      .filter((found) => found !== null)
      .map(([, name = '', type = '', rest = '']) => ({ table, name, type, rest })),
  )
}

/** @returns `<table>.<column>` of each column that could have a pseudonym, by its name or what is said of it */
function suspects(text: string): readonly string[] {
  return definitions(text)
    .filter(
      ({ name, type, rest }) =>
        name !== 'INDEX' && /String|UInt64/.test(type) && (NAME.test(name) || MEANING.test(rest)),
    )
    .map(({ table, name }) => `${table}.${name}`)
}

/** @returns `<table>.<column>` of what materialized views compute of a pseudonym */
function computed(text: string): readonly string[] {
  return [
    ...text.matchAll(/CREATE MATERIALIZED VIEW[^;]*? TO (?:`\w+`\.)?`?(\w+)`? AS\s+SELECT ([^]*?)\nFROM/g),
  ].flatMap(([, table = '', columns = '']) =>
    [...columns.matchAll(/\w+\([^()]*(?:_id|person|patient)\b[^()]*\)+ AS (\w+)/g)].map(
      ([, name]) => `${table}.${name}`,
    ),
  )
}

const known = new Set(
  lineageOf(contracts).flatMap((table) => writtenColumns(table).map((name) => `${table.table}.${name}`)),
)
const unknown = (texts: readonly string[]) =>
  texts.flatMap((text) => [...suspects(text), ...computed(text)]).filter((name) => !known.has(name) && !NONE.has(name))

/** Of the feeds the privacy of a field says it: names and comments of contracts are free. */
const sharedOnly = (names: readonly string[]) => names.filter((name) => !name.startsWith('feed_'))

describe('lineageOf', () => {
  it('has every column of the shared tables that could have a pseudonym', () => {
    expect(sharedOnly(unknown([...migrations, ...ofFeeds]))).toEqual([])
  })

  it('has what the views on the tables of the feeds compute of record_id', () => {
    const views = new Set(ofFeeds.flatMap(computed))
    expect([...views].toSorted()).toEqual([
      'record_loaded.prefix',
      'record_loaded.record',
      'record_origin.prefix',
      'record_origin.record',
    ])
  })

  it('has each field that a contract pseudonymises, and record_id of each feed', () => {
    for (const contract of contracts) {
      const columns = contract.fields.filter(({ privacy }) => privacy.action === 'pseudonymise').map(({ as }) => as)
      expect(columns).toContain('record_id')
      for (const column of columns) expect(known).toContain(`feed_${contract.feed}.${column}`)
    }
  })

  it('names no column that no table has', () => {
    const all = new Set(migrations.flatMap(definitions).map(({ table, name }) => `${table}.${name}`))
    for (const table of SHARED_TABLES)
      for (const column of writtenColumns(table)) expect(all).toContain(`${table.table}.${column}`)
  })
})

describe('the check itself', () => {
  it.each([
    [
      'CREATE TABLE person_summary\n(\n    person_id String,\n    records UInt64\n)\nENGINE = MergeTree ORDER BY person_id;',
      ['person_summary.person_id', 'person_summary.records'],
    ],
    [
      "CREATE TABLE t\n(\n    who String COMMENT 'Pseudonym of a patient'\n)\nENGINE = MergeTree ORDER BY who;",
      ['t.who'],
    ],
    [
      "ALTER TABLE t\n    ADD COLUMN IF NOT EXISTS b String DEFAULT '' AFTER a,\n    ADD COLUMN old_id String;",
      ['t.old_id'],
    ],
    ['CREATE TABLE t\n(\n    feed LowCardinality(String)\n)\nENGINE = MergeTree ORDER BY feed;', []],
    ['CREATE MATERIALIZED VIEW v TO t AS\nSELECT feed, sipHash64(patient_id) AS h\nFROM feed_patient', ['t.h']],
  ])('finds a new table that the lineage does not know: %#', (text, found) => {
    expect(unknown([text])).toEqual(found)
  })
})
