/** The events of ADT messages (HL7 table 0003, and Z99 of the French profile of PAM): what each says of the patient and the stay. */

/** `planned`: the stay has not begun, and is no fact yet. */
export type StayEvent = 'begins' | 'current' | 'ends' | 'cancelled' | 'reopened' | 'planned'

export interface AdtEvent {
  readonly meaning: string
  /** The message carries the complete identity, and not only what names the patient. */
  readonly identity: boolean
  readonly stay?: StayEvent
  /** Diagnoses, procedures and results in it are facts. */
  readonly clinical: boolean
}

export const ADT_EVENTS: Readonly<Record<string, AdtEvent>> = {
  A01: { meaning: 'admission', identity: true, stay: 'begins', clinical: true },
  A02: { meaning: 'transfer', identity: false, stay: 'current', clinical: true },
  A03: { meaning: 'discharge', identity: false, stay: 'ends', clinical: true },
  A04: { meaning: 'registration of an outpatient or an emergency', identity: true, stay: 'begins', clinical: true },
  A05: { meaning: 'pre-admission', identity: true, stay: 'planned', clinical: false },
  A06: { meaning: 'outpatient becomes inpatient', identity: false, stay: 'current', clinical: true },
  A07: { meaning: 'inpatient becomes outpatient', identity: false, stay: 'current', clinical: true },
  A08: { meaning: 'update', identity: true, stay: 'current', clinical: true },
  A11: { meaning: 'cancelled admission', identity: false, stay: 'cancelled', clinical: false },
  A12: { meaning: 'cancelled transfer', identity: false, stay: 'current', clinical: false },
  A13: { meaning: 'cancelled discharge', identity: false, stay: 'reopened', clinical: false },
  A28: { meaning: 'new identity', identity: true, clinical: false },
  A31: { meaning: 'changed identity', identity: true, clinical: false },
  Z99: { meaning: 'update of a movement (PAM France)', identity: false, stay: 'current', clinical: false },
}
