/**
 * Which columns of the warehouse have second-level pseudonyms, or are computed from them. Those of the feeds follow from the contracts;
 * the shared tables are here, and a test reads their definitions (test/unit/curate/rotate/lineage.test.ts).
 */
import { pseudonymFields } from '#core/contract/avro-schemas.ts'
import { tableOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'

export type PseudonymColumn =
  /** The pseudonym itself; null stays null. */
  | { readonly form: 'pseudonym'; readonly column: string; readonly domain: string }
  /** `pn_` and the rest of a pseudonym of the domain; empty stays empty. */
  | { readonly form: 'person'; readonly column: string; readonly domain: string }
  /** cityHash64 of a pseudonym of a record, where it is known with its first 6 bytes. */
  | { readonly form: 'hash'; readonly column: string; readonly prefix: string | undefined; readonly domain: 'record' }

export interface PseudonymTable {
  readonly table: string
  readonly columns: readonly PseudonymColumn[]
  /** Of a table that forgets superseded rows: what a row is known by, and the column that decides; none when the whole row is the key. */
  readonly replacing?: { readonly key: readonly string[]; readonly version: string | undefined }
  /** A column by whose age ClickHouse removes rows: only those of the last days are compared. */
  readonly expiresBy?: string
}

/** The ledger's witness compares the tables of the feeds with it. */
export const WITNESS = 'record_loaded'

const RECORD_HASH: PseudonymColumn = { form: 'hash', column: 'record', prefix: 'prefix', domain: 'record' }

/** In the order in which rows are replaced; see `switchTables`. */
export const SHARED_TABLES: readonly PseudonymTable[] = [
  {
    table: 'person_link',
    columns: [
      { form: 'pseudonym', column: 'patient_id', domain: 'patient' },
      { form: 'person', column: 'person_id', domain: 'patient' },
    ],
  },
  {
    table: 'person_link_scored',
    columns: [
      { form: 'pseudonym', column: 'patient_id', domain: 'patient' },
      { form: 'pseudonym', column: 'record_id', domain: 'record' },
      // A person of the linker is named after a record.
      { form: 'person', column: 'person_id', domain: 'record' },
      { form: 'person', column: 'previous_person_id', domain: 'record' },
    ],
    replacing: { key: ['record_id'], version: 'link_version' },
  },
  {
    table: 'person_link_history',
    columns: [
      { form: 'pseudonym', column: 'patient_id', domain: 'patient' },
      { form: 'pseudonym', column: 'record_id', domain: 'record' },
      { form: 'person', column: 'person_id', domain: 'record' },
      { form: 'person', column: 'previous_person_id', domain: 'record' },
    ],
    replacing: { key: ['record_id', 'link_version'], version: undefined },
  },
  { table: 'record_origin', columns: [RECORD_HASH], expiresBy: 'received_at' },
  {
    table: 'record_missing',
    columns: [{ form: 'hash', column: 'record', prefix: undefined, domain: 'record' }],
    replacing: { key: ['feed', 'record', 'version'], version: undefined },
  },
  {
    table: WITNESS,
    columns: [RECORD_HASH],
    replacing: { key: ['feed', 'prefix', 'record'], version: 'version' },
  },
]

/** Pure. @returns every table with pseudonyms: those of the feeds, then the shared ones */
export function lineageOf(contracts: readonly FeedContract[]): readonly PseudonymTable[] {
  const feeds = contracts.map((contract): PseudonymTable => {
    const columns = pseudonymFields(contract).map((field): PseudonymColumn => ({ form: 'pseudonym', ...field }))
    return { table: tableOf(contract.feed), columns, replacing: { key: ['record_id'], version: '_version' } }
  })
  return [...feeds, ...SHARED_TABLES]
}

/** @returns the columns of a table that are written anew */
export function writtenColumns({ columns }: PseudonymTable): readonly string[] {
  return columns.flatMap((one) => (one.form === 'hash' && one.prefix ? [one.column, one.prefix] : [one.column]))
}
