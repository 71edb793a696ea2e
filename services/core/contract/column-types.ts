/** ClickHouse's types for the values of a contract. */
import type { ValueKind } from './types.ts'

const COLUMN_TYPES: Readonly<Record<ValueKind, string>> = {
  string: 'String',
  enum: 'LowCardinality(String)',
  boolean: 'Bool',
  double: 'Float64',
  integer: 'Int32',
  long: 'Int64',
  date: 'Date32',
  timestamp: "DateTime64(3, 'UTC')",
}

/** @returns the type of a column for such values, and for null if `nullable` */
export function columnType(kind: ValueKind, nullable: boolean): string {
  const type = COLUMN_TYPES[kind]
  if (!nullable) return type
  // ClickHouse allows LowCardinality(Nullable(T)) and not the other way round.
  return type.startsWith('LowCardinality(')
    ? `LowCardinality(Nullable(${type.slice('LowCardinality('.length, -1)}))`
    : `Nullable(${type})`
}
