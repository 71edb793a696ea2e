/** Fields of a message that no mapping reads: they are left out, and counted by their place, never in silence. */
import { DIAGNOSIS } from './diagnosis.ts'
import { ATTACHMENT, DOCUMENT } from './document.ts'
import { ADMINISTRATION, DISPENSE } from './given-drugs.ts'
import { MEDICATION } from './medication.ts'
import { PATIENT_MERGE } from './merge.ts'
import type { Message } from './message.ts'
import { MOVEMENT } from './movement.ts'
import { OBSERVATION } from './observation.ts'
import { DEATH, PATIENT } from './patient.ts'
import { PROCEDURE } from './procedure.ts'
import { STAY } from './stay.ts'

/** What decides of a record, or numbers a segment, and is no field of one. */
const STRUCTURE = [
  'EVN-1',
  'PID-1',
  'PV1-1',
  'PV2-1',
  'DG1-1',
  'PR1-1',
  'ORC-1',
  'ORC-2',
  'ORC-3',
  'TQ1-1',
  'OBR-1',
  'OBX-1',
  'NTE-1',
  'TXA-1',
  'TXA-13',
  'TXA-17',
  'TXA-19',
  'ZBE-4',
  'ZBE-5',
]
const MAPS = [
  PATIENT,
  PATIENT_MERGE,
  DEATH,
  STAY,
  MOVEMENT,
  DIAGNOSIS,
  PROCEDURE,
  OBSERVATION,
  ATTACHMENT,
  DOCUMENT,
  MEDICATION,
  ADMINISTRATION,
  DISPENSE,
]
const READ: ReadonlySet<string> = new Set([
  ...STRUCTURE,
  ...MAPS.flatMap(({ fields }) => Object.values(fields).flatMap(({ from }) => from.map(fieldOf))),
])

/** Segments of HL7 v2 and of the French PAM profile that carry what is told of a patient. A sender may invent others. */
const KNOWN: ReadonlySet<string> = new Set(
  (
    'ACC AL1 ARV BLG CTD CTI DB1 DG1 DRG EVN FT1 GT1 IAM IN1 IN2 IN3 MRG NK1 NTE OBR OBX ODS ODT OH1 OH2 OH3 OH4 ORC OVR PD1 PDA PDC PID PR1 PRT PV1 PV2 ' +
    'ROL RQ1 RQD RXA RXC RXD RXE RXG RXO RXR SAC SFT SPM TCD TQ1 TQ2 TXA UAC UB1 UB2 ZBE ZFA ZFD ZFM ZFP ZFS ZFV ZPA'
  ).split(' '),
)
/** Where a field is of another segment: its name was chosen by the sender, and could be one of a person. */
const FOREIGN = 'other'

/** The header is read whole. */
const HEADER = 'MSH'

/** @returns of each field with a value that no mapping reads its place, `OBX-8`, once for each segment that has it; `other` for each field of a foreign segment */
export function* unmappedFields(message: Message): Generator<string> {
  for (const segment of message.segments) {
    if (segment.name === HEADER) continue
    for (const field of segment.filled()) {
      const place = KNOWN.has(segment.name) ? `${segment.name}-${field}` : FOREIGN
      if (!READ.has(place)) yield place
    }
  }
}

function fieldOf(place: string): string {
  return place.split('-').slice(0, 2).join('-')
}
