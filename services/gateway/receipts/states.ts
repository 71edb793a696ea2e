/** The state of each record, from what the warehouse knows of its place. Pure. */
import type { RecordStateName } from '#core/gateway-api/receipt-states.ts'
import type { AcceptedRecord } from './page.ts'
import { keyOf } from './places.ts'

/** What ClickHouse has at a place, by the keys of `places.ts`. */
export interface Known {
  /** Rows that were inserted, by place. */
  readonly loaded: ReadonlyMap<string, LoadedRow>
  readonly quarantined: ReadonlyMap<string, QuarantinedRow>
  /** By the name of a record: the version that is in force. */
  readonly newest: ReadonlyMap<string, { readonly version: bigint; readonly deleted: boolean }>
  /** What the tiles of the ledger say of a place; undefined when none has it. */
  readonly tileOf: (record: AcceptedRecord) => 'settled' | 'lost' | undefined
}

export interface LoadedRow {
  /** Names the record in `newest`. */
  readonly record: string
  readonly version: bigint
}

export interface QuarantinedRow {
  readonly fault: string
  readonly rule: string
  readonly pointer: string
  /** Microseconds; undefined when it is not the stamp: the record could not be read. */
  readonly stamp: bigint | undefined
}

export interface Found {
  readonly state: RecordStateName
  readonly rule?: string
  readonly pointer?: string
}

/** Of a version: below the stamp, and the stamp's own (`versionOf` in services/curate/load/rows.ts). */
const TIE_BITS = 11n
const STAMP_BITS = 53

/** @returns the stamp in a version, in microseconds */
export function stampOf(version: bigint): bigint {
  return BigInt.asUintN(STAMP_BITS, version >> TIE_BITS)
}

export function stateOf(record: AcceptedRecord, known: Known): Found {
  const { at } = record
  if (!at) return { state: 'unknown' }
  const own = (stamp: bigint) => stamp >= record.first && stamp <= record.last
  const key = keyOf(at)
  const loaded = known.loaded.get(key)
  if (loaded) return own(stampOf(loaded.version)) ? inForce(loaded, known) : { state: 'unknown' }
  const quarantined = known.quarantined.get(key)
  if (quarantined) {
    const { fault, rule, pointer, stamp } = quarantined
    if (stamp !== undefined && !own(stamp)) return { state: 'unknown' }
    const where = pointer === '' ? {} : { pointer }
    return { state: fault === 'rule-rejected' ? 'rejected' : 'quarantined', rule: rule || fault, ...where }
  }
  switch (known.tileOf(record)) {
    case 'lost':
      return { state: 'lost' }
    // ClickHouse was killed between the table and the view that says where its rows came from.
    case 'settled':
      return { state: 'loaded' }
    default:
      return { state: 'accepted' }
  }
}

function inForce({ record, version }: LoadedRow, { newest }: Known): Found {
  const current = newest.get(record)
  if (!current || current.version <= version) return { state: 'loaded' }
  return { state: current.deleted ? 'cancelled' : 'replaced' }
}
