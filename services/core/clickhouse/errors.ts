/**
 * ClickHouse's errors, classified once for every program. What is listed is permanent for the same statement: its shape does not fit the
 * tables, or the login is not accepted. Everything else is temporary, also a code that a later version adds: a full disk, a lost
 * Keeper, too few replicas, a cancelled query, an outcome that is not known. A permanent error stops a partition at once, a temporary
 * one after a few attempts; a stopped partition is tried again by itself in both cases, because a table can come back and a password
 * can be changed.
 */
import { ClickHouseError } from '@clickhouse/client'

const PERMANENT: Readonly<Record<string, string>> = {
  6: 'CANNOT_PARSE_TEXT',
  16: 'NO_SUCH_COLUMN_IN_TABLE',
  20: 'NUMBER_OF_COLUMNS_DOESNT_MATCH',
  26: 'CANNOT_PARSE_QUOTED_STRING',
  27: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
  36: 'BAD_ARGUMENTS',
  38: 'CANNOT_PARSE_DATE',
  41: 'CANNOT_PARSE_DATETIME',
  43: 'ILLEGAL_TYPE_OF_ARGUMENT',
  44: 'ILLEGAL_COLUMN',
  47: 'UNKNOWN_IDENTIFIER',
  48: 'NOT_IMPLEMENTED',
  50: 'UNKNOWN_TYPE',
  53: 'TYPE_MISMATCH',
  60: 'UNKNOWN_TABLE',
  62: 'SYNTAX_ERROR',
  69: 'ARGUMENT_OUT_OF_BOUND',
  70: 'CANNOT_CONVERT_TYPE',
  72: 'CANNOT_PARSE_NUMBER',
  81: 'UNKNOWN_DATABASE',
  115: 'UNKNOWN_SETTING',
  117: 'INCORRECT_DATA',
  130: 'CANNOT_READ_ARRAY_FROM_TEXT',
  190: 'SIZES_OF_ARRAYS_DONT_MATCH',
  192: 'UNKNOWN_USER',
  193: 'WRONG_PASSWORD',
  194: 'REQUIRED_PASSWORD',
  291: 'DATABASE_ACCESS_DENIED',
  349: 'CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN',
  376: 'CANNOT_PARSE_UUID',
  407: 'DECIMAL_OVERFLOW',
  467: 'CANNOT_PARSE_BOOL',
  497: 'ACCESS_DENIED',
  516: 'AUTHENTICATION_FAILED',
  691: 'UNKNOWN_ELEMENT_OF_ENUM',
}

/** @returns whether the same statement would get the same error again until a person changes something */
export function isPermanent(error: unknown): boolean {
  return error instanceof ClickHouseError && Object.hasOwn(PERMANENT, error.code)
}

/** @returns ClickHouse's code of an error, or of the first of its causes that has one */
export function clickhouseCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof ClickHouseError) return at.code
  }
  return undefined
}
