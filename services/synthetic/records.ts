/** Records as a hospital sends them: the JSON form of schemas/feeds/*.avsc. Absent optional fields are null. */

export const FEEDS = [
  'patient',
  'encounter',
  'diagnosis',
  'procedure',
  'observation',
  'medication',
  'document',
  'death',
] as const
export type Feed = (typeof FEEDS)[number]

interface Base {
  readonly record_id: string
  readonly record_version: number
  readonly operation: 'upsert' | 'cancel'
  readonly patient_ipp: string
}

/** Identity traits as one hospital or register writes them. */
export interface Identity {
  readonly ins: string | null
  readonly nir: string | null
  readonly identity_status: string | null
  readonly birth_family_name: string | null
  readonly birth_given_names: string | null
  readonly birth_date: string | null
  readonly sex: 'female' | 'male' | 'unknown'
  readonly birth_place_insee: string | null
}

export interface PatientRecord extends Base, Identity {
  readonly used_family_name: string | null
  readonly address_line: string | null
  readonly postcode: string | null
  readonly city: string | null
  readonly phone: string | null
  readonly email: string | null
  readonly deceased_on: string | null
  readonly updated_at: string
}

export interface DeathRecord extends Base, Identity {
  readonly died_on: string
  readonly death_place_insee: string | null
  readonly cause_code: string | null
  readonly registry_act: string | null
}

interface OfStay extends Base {
  readonly encounter_nda: string | null
}

export interface EncounterRecord extends OfStay {
  readonly kind: 'inpatient' | 'outpatient' | 'emergency' | 'day_hospital' | 'home' | 'virtual' | 'movement'
  readonly status: 'in_progress' | 'finished'
  readonly started_at: string
  readonly ended_at: string | null
  readonly care_unit: string | null
  readonly admission_mode: string | null
  readonly discharge_mode: string | null
  readonly reason_code: string | null
  readonly reason_text: string | null
}

export interface DiagnosisRecord extends OfStay {
  readonly code_system: 'cim10'
  readonly code: string
  readonly kind: 'principal' | 'related' | 'associated'
  readonly verification_status: 'confirmed'
  readonly recorded_at: string
  readonly onset_on: string | null
  readonly resolved_on: string | null
  readonly comment: string | null
}

export interface ProcedureRecord extends OfStay {
  readonly code_system: 'ccam'
  readonly code: string
  readonly performed_at: string
  readonly status: 'completed'
  readonly ended_at: string | null
  readonly care_unit: string | null
  readonly performer_rpps: string | null
  readonly comment: string | null
}

export interface ObservationRecord extends OfStay {
  readonly code_system: 'loinc'
  readonly code: string
  readonly effective_at: string
  readonly status: 'final' | 'corrected'
  readonly value_kind: 'quantity' | 'code'
  readonly value_number: number | null
  readonly value_unit: string | null
  readonly value_code: string | null
  readonly reference_low: number | null
  readonly reference_high: number | null
  readonly comment: string | null
}

export interface MedicationRecord extends OfStay {
  readonly kind: 'request' | 'administration' | 'dispense'
  readonly status: 'active' | 'completed'
  readonly intent: 'order' | null
  readonly code_system: 'ucd' | 'atc'
  readonly code: string
  readonly started_at: string
  readonly ended_at: string | null
  readonly quantity: number | null
  readonly quantity_unit: string | null
  readonly route: string | null
  readonly dosage_text: string | null
}

export interface DocumentRecord extends OfStay {
  readonly kind_system: 'loinc'
  readonly kind: string
  readonly authored_at: string
  readonly status: 'current'
  readonly doc_status: 'final' | 'amended'
  readonly author_rpps: string | null
  readonly title: string | null
  readonly text: string | null
}

/** One record of one producer, and the true person where the record contains an identity. */
export type SimulatedRecord =
  | { readonly producer: string; readonly feed: 'patient'; readonly record: PatientRecord; readonly personId: string }
  | { readonly producer: string; readonly feed: 'death'; readonly record: DeathRecord; readonly personId: string }
  | { readonly producer: string; readonly feed: 'encounter'; readonly record: EncounterRecord }
  | { readonly producer: string; readonly feed: 'diagnosis'; readonly record: DiagnosisRecord }
  | { readonly producer: string; readonly feed: 'procedure'; readonly record: ProcedureRecord }
  | { readonly producer: string; readonly feed: 'observation'; readonly record: ObservationRecord }
  | { readonly producer: string; readonly feed: 'medication'; readonly record: MedicationRecord }
  | { readonly producer: string; readonly feed: 'document'; readonly record: DocumentRecord }

/** @returns `YYYY-MM-DDTHH:MM:SSZ`, or the same instant with the fixed offset +01:00 for a hospital that writes so */
export function timestamp(ms: number, plusOne: boolean): string {
  const text = new Date(plusOne ? ms + 3_600_000 : ms).toISOString()
  return `${text.slice(0, 19)}${plusOne ? '+01:00' : 'Z'}`
}
