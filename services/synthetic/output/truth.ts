/** `--truth FILE`: the true person of each identity, to measure the linkage. It is never sent. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { SimulatedRecord } from '../records.ts'

export interface TruthRow {
  readonly producer: string
  readonly feed: 'patient' | 'death'
  readonly record_id: string
  readonly patient_ipp: string
  readonly person_id: string
}

/** @returns a row for each identity at its first version; later versions belong to the same person */
export function truthRows(batch: readonly SimulatedRecord[]): TruthRow[] {
  const rows: TruthRow[] = []
  for (const made of batch) {
    if (made.feed !== 'patient' && made.feed !== 'death') continue
    if (made.record.record_version > 0) continue
    rows.push({
      producer: made.producer,
      feed: made.feed,
      record_id: made.record.record_id,
      patient_ipp: made.record.patient_ipp,
      person_id: made.personId,
    })
  }
  return rows
}

export interface TruthWriter {
  write(batch: readonly SimulatedRecord[]): void
  close(): void
}

/** Written before the records are sent, so that it has every identity that was sent; mode 0600. */
export function truthWriter(path: string): TruthWriter {
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(path, 'w', 0o600)
  return {
    write(batch) {
      const rows = truthRows(batch)
      if (rows.length > 0) writeSync(file, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`)
    },
    close: () => closeSync(file),
  }
}
