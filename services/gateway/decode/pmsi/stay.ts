/** A RUM of a grouped RSS -> `pmsi_stay`. */
import { RSS, textAt } from '#core/pmsi/layout.ts'
import type { Line } from './line.ts'
import type { FieldMap, RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import { countOf, dateOf, requiredText, textOf, yesNoOf } from './values.ts'

/** A RUM, what the RSS says that it belongs to, and whose it is. */
export interface RumSource {
  readonly line: Line
  /** When the gateway received it, milliseconds since 1970. */
  readonly receivedAt: number
  /** Of VID-HOSP. */
  readonly ipp: string
  readonly id: string
  readonly rss: string
  readonly rank: number
  readonly count: number
  /** First entry and last exit of the RSS, YYYY-MM-DD. */
  readonly entered: string
  readonly left: string
}

export const IPP_NOTE = 'VID-HOSP columns 354-373, of the line with the same NDA'
const of = (read: (line: Line) => unknown, ...from: FieldMap<RumSource>['from']): FieldMap<RumSource> => ({
  from,
  read: ({ line }) => read(line),
})
const text = (columns: readonly [number, number], note?: string): FieldMap<RumSource> => ({
  ...of((line) => textOf(line, columns), columns),
  ...(note === undefined ? {} : { note }),
})
const count = (columns: readonly [number, number], note?: string): FieldMap<RumSource> => ({
  ...of((line) => countOf(line, columns), columns),
  ...(note === undefined ? {} : { note }),
})
const NONE = '0 is none'

export const PMSI_STAY: RecordMap<RumSource> = {
  feed: 'pmsi_stay',
  line: 'RSS',
  fields: {
    record_id: {
      from: [RSS.finess, RSS.nda, RSS.rss, RSS.rum],
      note: 'joined by `/`',
      read: ({ id }) => id,
    },
    record_version: { from: [], note: 'when the gateway received it', read: ({ receivedAt }) => receivedAt },
    operation: { from: [], note: '`upsert`', read: () => 'upsert' },
    patient_ipp: { from: [], note: IPP_NOTE, read: ({ ipp }) => ipp },
    encounter_nda: of((line) => requiredText(line, RSS.nda), RSS.nda),
    rss_number: { from: [RSS.finess, RSS.nda, RSS.rss], note: 'joined by `/`', read: ({ rss }) => rss },
    unit_rank: { from: [], note: 'by the dates of entry, then of exit, then the lines', read: ({ rank }) => rank },
    unit_count: { from: [], note: 'RUMs of the RSS in the request', read: (source) => source.count },
    stay_entered_on: { from: [RSS.entry], note: 'the first of the RSS', read: ({ entered }) => entered },
    stay_left_on: { from: [RSS.exit], note: 'the last of the RSS', read: ({ left }) => left },
    entered_on: of((line) => dateOf(line, RSS.entry), RSS.entry),
    left_on: of((line) => dateOf(line, RSS.exit), RSS.exit),
    finess: text(RSS.finess),
    ghm: text(RSS.ghm),
    grouping_version: text(RSS.groupingVersion),
    grouping_code: text(RSS.groupingCode),
    care_unit: text(RSS.unit),
    dedicated_bed: text(RSS.bed),
    admission_mode: text(RSS.entryMode),
    admission_from: text(RSS.from),
    discharge_mode: text(RSS.exitMode),
    discharge_to: text(RSS.to),
    residence_code: text(RSS.residence),
    birth_weight_g: count(RSS.weight, NONE),
    gestational_weeks: count(RSS.weeks, NONE),
    sessions: count(RSS.sessions, NONE),
    principal_diagnosis: of((line) => requiredText(line, RSS.principal), RSS.principal),
    related_diagnosis: text(RSS.related),
    igs2: count(RSS.igs2, NONE),
    unscheduled: { ...of((line) => yesNoOf(line, RSS.unscheduled), RSS.unscheduled), note: '1 true, 2 false' },
    emergency_unit: text(RSS.emergency),
    enhanced_recovery: { ...of((line) => yesNoOf(line, RSS.recovery), RSS.recovery), note: '1 true, 2 false' },
  },
}

/** What an RSS is known by: a number of an RSS comes again in another year, and a stay of sessions has several. */
export function rssOf(line: Pick<Line, 'text'>): string | Refusal {
  return joined(line, [RSS.finess, RSS.nda, RSS.rss])
}

export function rumOf(line: Pick<Line, 'text'>): string | Refusal {
  return joined(line, [RSS.finess, RSS.nda, RSS.rss, RSS.rum])
}

function joined(line: Pick<Line, 'text'>, parts: readonly (readonly [number, number])[]): string | Refusal {
  const missing = parts.find((columns) => textAt(line, columns) === '')
  return missing ? new Refusal('required', missing) : parts.map((columns) => textAt(line, columns)).join('/')
}
