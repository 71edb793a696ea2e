/** A record as a row of its feed's table, with second-level pseudonyms. All columns are computed here, none by ClickHouse. */
import { survivingFields } from '#core/contract/avro-schemas.ts'
import { columnsOf } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'

/** Where the records of a batch come from: their origins are offsets in it. */
export interface Source {
  readonly incarnation: string
  readonly partition: number
}

type Values = Readonly<Record<string, unknown>>

export interface RowBuilder {
  readonly columns: readonly [string, ...string[]]
  /** @returns values in the order of `columns` */
  row(record: Values, flags: readonly string[], source: Source, origin: bigint): readonly unknown[]
}

export function rowBuilder(contract: FeedContract, level2: Pseudonymiser): RowBuilder {
  const readers = survivingFields(contract).map((field) => {
    const { privacy, as } = field
    if (privacy.action !== 'pseudonymise') return (record: Values) => record[as]
    const { domain } = privacy
    return (record: Values) => (record[as] === null ? null : level2.pseudonym(domain, String(record[as])))
  })
  const columns = columnsOf(contract).map((column) => column.name) as [string, ...string[]]
  return {
    columns,
    row(record, flags, { incarnation, partition }, origin) {
      const values: unknown[] = []
      for (const read of readers) values.push(read(record))
      values.push(
        record._producer,
        record._received_at,
        flags,
        versionOf(Number(record[contract.version]), origin),
        record.operation === 'cancel' ? 1 : 0,
        incarnation,
        partition,
        origin.toString(),
      )
      return values
    },
  }
}

/**
 * The record's version in the upper 64 bits, its origin in the lower: the origin decides between equal versions, in any order of arrival.
 * A negative version, which a contract may allow, counts as 0: the column has no negative numbers, and the insert would fail.
 */
export function versionOf(version: number, origin: bigint): string {
  return version <= 0 ? origin.toString() : ((BigInt(version) << 64n) | origin).toString()
}
