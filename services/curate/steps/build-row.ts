import type { RecordFault } from '#core/faults/codes.ts'
import type { Step } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import type { Link } from '../link/linker.ts'
import type { RowBuilder, Source } from '../load/rows.ts'
import type { LinkedRecord } from './link-patients.ts'

export interface LoadableRecord {
  /** Values in the order of the table's columns. */
  readonly row: readonly unknown[]
  readonly origin: bigint
  /** When the gateway received the record, microseconds since 1970. */
  readonly receivedAt: number
  readonly links: readonly Link[]
  readonly unlinked: boolean
  readonly limited: boolean
}

/** Flag of a record whose traits too many patients share. */
export const UNLINKED: RecordFault = 'linkage-neighbourhood-too-large'

/** The record as a row of its feed's table. */
export function buildRow(rows: RowBuilder, source: Source): Step<LinkedRecord, LoadableRecord> {
  return {
    name: 'buildRow',
    run: ({ record, flags, origin, provenance, links, unlinked, limited }) =>
      pass({
        row: rows.row(record, unlinked ? [...flags, UNLINKED] : flags, source, origin),
        origin,
        receivedAt: provenance.receivedAt,
        links,
        unlinked,
        limited,
      }),
  }
}
