/** Fields of a message that no mapping reads: they are left out, and counted by their place, never in silence. */
import { DIAGNOSIS } from './diagnosis.ts'
import { ATTACHMENT, DOCUMENT } from './document.ts'
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
const MAPS = [PATIENT, DEATH, STAY, MOVEMENT, DIAGNOSIS, PROCEDURE, OBSERVATION, ATTACHMENT, DOCUMENT]
const READ: ReadonlySet<string> = new Set([
  ...STRUCTURE,
  ...MAPS.flatMap(({ fields }) => Object.values(fields).flatMap(({ from }) => from.map(fieldOf))),
])

/** The header is read whole. */
const HEADER = 'MSH'

/** @returns of each field with a value that no mapping reads its place, `OBX-8`, once for each segment that has it */
export function* unmappedFields(message: Message): Generator<string> {
  for (const segment of message.segments) {
    if (segment.name === HEADER) continue
    for (const field of segment.filled()) {
      const place = `${segment.name}-${field}`
      if (!READ.has(place)) yield place
    }
  }
}

function fieldOf(place: string): string {
  return place.split('-').slice(0, 2).join('-')
}
