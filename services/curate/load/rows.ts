/** A record as a row of its feed's table, with second-level pseudonyms. All columns are computed here, none by ClickHouse. */
import { survivingFields } from '#core/contract/avro-schemas.ts'
import { columnsOf, objectColumns } from '#core/contract/table.ts'
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
  const ofFile = objectColumns(contract)
  const columns = columnsOf(contract).map((column) => column.name) as [string, ...string[]]
  return {
    columns,
    row(record, flags, { incarnation, partition }, origin) {
      const values: unknown[] = []
      for (const read of readers) values.push(read(record))
      for (const name of ofFile) values.push(record[name])
      values.push(
        record._producer,
        record._received_at,
        flags,
        versionOf(Number(record[contract.version]), Number(record._received_at), partition, origin),
        record.operation === 'cancel' ? 1 : 0,
        incarnation,
        partition,
        origin.toString(),
      )
      return values
    },
  }
}

/** Bits below the stamp, which has 53. */
const TIE_BITS = 11n

/**
 * The record's version in the upper 64 bits. Below it the stamp decides between equal versions: the record that a gateway received later
 * is in force, in any partition, after a change of the number of partitions, and in a topic that was created again. Two gateways can give
 * the same stamp in the same microsecond: then partition and offset decide, so that the order of arrival never does.
 * A negative version, which a contract may allow, counts as 0: the column has no negative numbers, and the insert would fail.
 *
 * @param receivedAt the stamp, microseconds since 1970
 */
export function versionOf(version: number, receivedAt: number, partition: number, origin: bigint): string {
  const tie = BigInt.asUintN(Number(TIE_BITS), BigInt(partition) * 31n + origin)
  const lower = (BigInt(Math.max(0, receivedAt)) << TIE_BITS) | tie
  return version <= 0 ? lower.toString() : ((BigInt(version) << 64n) | lower).toString()
}
