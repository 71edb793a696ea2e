/** Small valid records of every feed, as a hospital sends them. */
export { nirOf } from '../../services/cli/canary/invent.ts'

export const FEEDS = [
  'patient',
  'encounter',
  'diagnosis',
  'procedure',
  'observation',
  'medication',
  'document',
  'death',
  'imaging',
  'pmsi_stay',
  'patient_merge',
] as const
export type Feed = (typeof FEEDS)[number]

type Fields = Readonly<Record<string, unknown>>

const AT = '2024-05-06T07:08:09.123Z'
const OF_FEED: Readonly<Record<Feed, Fields>> = {
  patient: { sex: 'female', updated_at: AT },
  encounter: { encounter_nda: 'nda-1', kind: 'inpatient', started_at: AT, ended_at: '2024-05-09T10:00:00Z' },
  diagnosis: { encounter_nda: 'nda-1', code_system: 'cim10', code: 'E119', kind: 'principal', recorded_at: AT },
  procedure: { encounter_nda: 'nda-1', code_system: 'ccam', code: 'HHFA016', performed_at: AT },
  observation: { code_system: 'loinc', code: '718-7', effective_at: AT, value_number: 13.5, value_unit: 'g/dL' },
  medication: { kind: 'request', code_system: 'atc', code: 'N02BE01', started_at: AT, quantity: 3 },
  document: { kind_system: 'loinc', kind: '34117-2', authored_at: AT, text: 'Note' },
  imaging: {
    study_uid: '1.2.826.1',
    series_uid: '1.2.826.1.1',
    acquired_at: AT,
    modality: 'CT',
    rows: 512,
    columns: 512,
  },
  pmsi_stay: {
    encounter_nda: 'nda-1',
    rss_number: 'nda-1-1',
    unit_rank: 1,
    unit_count: 1,
    stay_entered_on: '2024-05-06',
    stay_left_on: '2024-05-09',
    entered_on: '2024-05-06',
    left_on: '2024-05-09',
    ghm: '05M092',
    principal_diagnosis: 'I500',
  },
  patient_merge: { other_ipp: 'ipp-other', role: 'survivor', stated_at: AT },
  death: { sex: 'male', died_on: '2024-05-06', death_place_insee: '69381', cause_code: 'I219' },
}

/** @param more replaces fields of the feed's usual record, or adds fields */
export function recordOf(feed: Feed, id: string, ipp: string, more: Fields = {}): Record<string, unknown> {
  return { record_id: id, patient_ipp: ipp, ...OF_FEED[feed], ...more }
}
