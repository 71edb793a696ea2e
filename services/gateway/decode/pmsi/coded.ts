/** The diagnoses and acts of a RUM -> `diagnosis`, `procedure`. They have no date but that of the RUM, except acts. */
import { ACT, type Columns, RSS, textAt } from '#core/pmsi/layout.ts'
import { type Line, zonesOf } from './line.ts'
import type { FieldMap, RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import { IPP_NOTE, type RumSource } from './stay.ts'
import { countOf, dateOf, requiredText, textOf } from './values.ts'

export interface DiagnosisSource extends RumSource {
  readonly kind: 'principal' | 'related' | 'associated' | 'documentary'
  /** `DP`, `DR`, `DAS1`, `DAD1`... */
  readonly name: string
  readonly columns: Columns
}

export interface ActSource extends RumSource {
  readonly number: number
  /** First column of its zone in the line. */
  readonly start: number
}

const head = <S extends RumSource>(id: string, own: (source: S) => string): Record<string, FieldMap<S>> => ({
  record_id: {
    from: [RSS.finess, RSS.nda, RSS.rss, RSS.rum],
    note: `joined by \`/\`, and ${id}`,
    read: (source) => `${source.id}/${own(source)}`,
  },
  record_version: { from: [], note: 'when the gateway received it', read: ({ receivedAt }) => receivedAt },
  operation: { from: [], note: '`upsert`', read: () => 'upsert' },
  patient_ipp: { from: [], note: IPP_NOTE, read: ({ ipp }) => ipp },
  encounter_nda: { from: [RSS.nda], read: ({ line }) => requiredText(line, RSS.nda) },
})

export const DIAGNOSIS: RecordMap<DiagnosisSource> = {
  feed: 'diagnosis',
  line: 'RSS',
  fields: {
    ...head<DiagnosisSource>('`DP`, `DR`, `DAS1`..., `DAD1`...', ({ name }) => name),
    code_system: { from: [], note: '`cim10`', read: () => 'cim10' },
    code: {
      from: [RSS.principal, RSS.related],
      note: 'and each zone of a DAS and a DAD, from column 206',
      place: ({ columns }) => columns,
      read: ({ line, columns }) => requiredText(line, columns),
    },
    kind: {
      from: [],
      note: '`principal` (DP), `related` (DR), `associated` (DAS), `documentary` (DAD)',
      read: ({ kind }) => kind,
    },
    recorded_at: {
      from: [RSS.exit],
      note: 'the day of the exit from the unit',
      read: ({ line }) => midnight(dateOf(line, RSS.exit)),
    },
    recorded_precision: { from: [], note: '`day`', read: () => 'day' },
  },
}

/** @param read reads the columns of the zone, which are counted in the line */
const ofZone = (
  columns: Columns,
  read: (line: Line, columns: Columns, source: ActSource) => unknown,
): FieldMap<ActSource> => ({
  from: [columns],
  place: (source) => inLine(source, columns),
  read: (source) => read(source.line, inLine(source, columns), source),
})

export const PROCEDURE: RecordMap<ActSource> = {
  feed: 'procedure',
  line: 'RSS',
  fields: {
    ...head<ActSource>('`A1`...', ({ number }) => `A${number}`),
    code_system: { from: [], note: '`ccam`', read: () => 'ccam' },
    code: {
      ...ofZone(ACT.code, (line, columns, source) => {
        const code = requiredText(line, columns)
        return code instanceof Refusal ? code : `${code}${textAt(line, inLine(source, ACT.extension))}`
      }),
      from: [ACT.code, ACT.extension],
      note: 'the extension of the PMSI, with its hyphen, belongs to the code',
    },
    performed_at: ofZone(ACT.date, (line, columns) => midnight(dateOf(line, columns))),
    performed_precision: { from: [], note: '`day`', read: () => 'day' },
    care_unit: { from: [], note: 'RSS columns 87-90', read: ({ line }) => textOf(line, RSS.unit) },
    activity: ofZone(ACT.activity, textOf),
    phase: ofZone(ACT.phase, textOf),
    quantity: { ...ofZone(ACT.quantity, countOf), note: '0 is none' },
  },
}

export function* diagnosesOf(rum: RumSource): Generator<DiagnosisSource> {
  yield { ...rum, kind: 'principal', name: 'DP', columns: RSS.principal }
  if (textAt(rum.line, RSS.related) !== '') yield { ...rum, kind: 'related', name: 'DR', columns: RSS.related }
  for (const { kind, number, columns } of zonesOf(rum.line).diagnoses)
    yield { ...rum, kind, name: `${kind === 'associated' ? 'DAS' : 'DAD'}${number}`, columns }
}

export function* actsOf(rum: RumSource): Generator<ActSource> {
  for (const [at, [start]] of zonesOf(rum.line).acts.entries()) yield { ...rum, number: at + 1, start }
}

function inLine({ start }: ActSource, [from, to]: Columns): Columns {
  return [start + from - 1, start + to - 1]
}

function midnight(date: string | Refusal): string | Refusal {
  return date instanceof Refusal ? date : `${date}T00:00:00Z`
}
