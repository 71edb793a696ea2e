/** ZBE of the French profile of PAM -> `encounter` of kind `movement`, by the identifier that the sender gives each movement. */
import { headMap, ndaMap, type Operation, type Source } from './head.ts'
import { entityOf } from './identifiers.ts'
import { precisionMap, type TimeField, timeOf } from './read-time.ts'
import type { RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'
import { unit } from './stay.ts'

export interface MovementSource extends Source {
  readonly zbe: Segment
}

const OPERATIONS: Readonly<Record<string, Operation>> = { INSERT: 'upsert', UPDATE: 'upsert', CANCEL: 'cancel' }

const started = ({ zbe }: MovementSource): readonly TimeField[] => [[zbe, 2]]
const ended = ({ zbe }: MovementSource): readonly TimeField[] => [[zbe, 3]]

export const MOVEMENT: RecordMap<MovementSource> = {
  feed: 'encounter',
  fields: {
    ...headMap<MovementSource>(['ZBE-1'], ['ZBE-4'], '`movement/` and the identifier of the movement'),
    ...ndaMap<MovementSource>(),
    kind: { from: [], note: '`movement`', read: () => 'movement' },
    started_at: { from: ['ZBE-2'], read: (source) => timeOf(source, started(source)) },
    started_precision: precisionMap(['ZBE-2'], started),
    ended_at: { from: ['ZBE-3'], read: (source) => timeOf(source, ended(source)) ?? null },
    ended_precision: precisionMap(['ZBE-3'], ended),
    care_unit: {
      from: ['ZBE-7-10', 'PV1-3-1'],
      note: 'the medical unit, else that of the location',
      read: ({ zbe, message }) => unit(zbe.text(7, 10) ?? message.first('PV1')?.text(3)),
    },
  },
}

/** @returns the record's identifier, a refusal where the movement has none */
export function movementId(zbe: Segment): string | Refusal {
  const id = entityOf(zbe, 1)
  return id === undefined ? new Refusal('required', zbe.at(1)) : `movement/${id}`
}

/** @returns what ZBE-4 says, a refusal where it says nothing that is known */
export function movementOperation(zbe: Segment): Operation | Refusal {
  const action = zbe.text(4)
  if (action === undefined) return new Refusal('required', zbe.at(4))
  return (
    (Object.hasOwn(OPERATIONS, action) ? OPERATIONS[action] : undefined) ??
    new Refusal('enum', zbe.at(4), Object.keys(OPERATIONS))
  )
}

/** A historic movement says nothing of where the stay is now (ZBE-5). */
export function isHistoric(zbe: Segment | undefined): boolean {
  return zbe?.text(5) === 'Y'
}
