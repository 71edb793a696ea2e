/** A merge (A40), a changed number (A47) and a link (A24, undone by A37) of two patients -> `patient_merge`, a record of each of the two. */
import type { Item } from '../item.ts'
import { contextOf, type Received } from './context.ts'
import { headMap, type Operation, type Source } from './head.ts'
import { areOfOtherAuthorities, ippFieldOf } from './identifiers.ts'
import type { Location } from './location.ts'
import { movementOperation } from './movement.ts'
import { preciseTimeOf } from './read-time.ts'
import { buildRecord, type Context, type RecordMap, refused } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

const FEED = 'patient_merge'

type Role = 'survivor' | 'prior' | 'linked'

export interface MergeEvent {
  readonly meaning: string
  /** Of the patient that is named first, and of the other one. */
  readonly roles: readonly [Role, Role]
  /** Where the other patient is: MRG-1 below the PID, or PID-3 of a second PID. */
  readonly other: 'MRG' | 'PID'
  readonly operation: Operation
}

export const MERGE_EVENTS: Readonly<Record<string, MergeEvent>> = {
  A24: { meaning: 'link of two patients', roles: ['linked', 'linked'], other: 'PID', operation: 'upsert' },
  A37: { meaning: 'undone link of two patients', roles: ['linked', 'linked'], other: 'PID', operation: 'cancel' },
  A40: { meaning: 'merge of two patients', roles: ['survivor', 'prior'], other: 'MRG', operation: 'upsert' },
  A47: { meaning: 'changed number of a patient', roles: ['survivor', 'prior'], other: 'MRG', operation: 'upsert' },
}

interface MergeSource extends Source {
  readonly other: string
  readonly role: Role
}

export const PATIENT_MERGE: RecordMap<MergeSource> = {
  feed: FEED,
  fields: {
    ...headMap<MergeSource>(['PID-3', 'MRG-1'], ['MSH-9-2', 'ZBE-4'], 'of both numbers, that of this patient first'),
    patient_ipp: {
      from: ['PID-3', 'MRG-1'],
      note: 'each by the rules for the IPP of a patient: of type PI, else MR, else without a type',
      read: ({ ipp }) => ipp,
    },
    other_ipp: { from: ['MRG-1', 'PID-3'], note: 'that of the other patient', read: ({ other }) => other },
    role: {
      from: ['MSH-9-2'],
      note: 'of a merge `survivor` (PID-3) and `prior` (MRG-1); of a link `linked`',
      read: ({ role }) => role,
    },
    stated_at: {
      from: ['EVN-2', 'MSH-7'],
      note: 'to the minute',
      read: (source) =>
        preciseTimeOf(source, [
          [source.message.first('EVN'), 2],
          [source.message.first('MSH'), 7],
        ]),
    },
  },
}

/** Two segments that name two patients. */
interface Pair {
  readonly pid: Segment
  readonly other: Segment | undefined
}

/** The identity in such a message is often the number and a name alone, and no snapshot of it: it makes no record of `patient`. */
export function* mergeItems(received: Received, event: MergeEvent): Generator<Item> {
  const { message, index } = received
  const pairs = event.other === 'MRG' ? mergesOf(message.segments) : [linkOf(message.all('PID'))]
  if (pairs.length === 0) {
    const place = { segment: 'PID', occurrence: 1, field: 3 }
    yield refused(new Refusal('required', place), index, FEED, '/patient_ipp')
  }
  for (const pair of pairs)
    yield* pair instanceof Refusal ? [refused(pair, index, FEED)] : pairItems(received, event, pair)
}

/** @returns each PID with the MRG that follow it */
function mergesOf(segments: readonly Segment[]): readonly Pair[] {
  const pairs: Pair[] = []
  let pid: Segment | undefined
  let merged = true
  for (const segment of segments) {
    if (segment.name === 'PID') {
      if (pid && !merged) pairs.push({ pid, other: undefined })
      pid = segment
      merged = false
    } else if (segment.name === 'MRG' && pid) {
      pairs.push({ pid, other: segment })
      merged = true
    }
  }
  if (pid && !merged) pairs.push({ pid, other: undefined })
  return pairs
}

function linkOf([pid, other, third]: readonly Segment[]): Pair | Refusal {
  if (pid === undefined) return new Refusal('required', { segment: 'PID', occurrence: 1, field: 3 })
  return third === undefined ? { pid, other } : new Refusal('ambiguous-identifier', third.at(3))
}

function* pairItems(received: Received, event: MergeEvent, pair: Pair): Generator<Item> {
  const { message, index } = received
  const context = contextOf(received, pair.pid, undefined)
  if (context instanceof Refusal) return yield refused(context, index, FEED, '/patient_ipp')
  const place = otherPlace(event, pair)
  const other = otherIppOf(context, pair, place)
  if (other instanceof Refusal) return yield refused(other, index, FEED, '/other_ipp')
  const operation = operationOf(event, message.first('ZBE'))
  if (operation instanceof Refusal) return yield refused(operation, index, FEED, '/operation')
  const own = pair.pid.at(3)
  const sides = [
    { ipp: context.ipp, other, role: event.roles[0], places: { PID: own, MRG: place } },
    { ipp: other, other: context.ipp, role: event.roles[1], places: { PID: place, MRG: own } },
  ]
  for (const { places, ...side } of sides) {
    // The length first: two pairs are never one text, whatever characters a number has.
    const recordId = `same/${side.ipp.length}/${side.ipp}/${side.other}`
    // Of each side, PID is where its own number is.
    const locate: MergeSource['locate'] = (segment, ...rest) =>
      segment === 'PID' || segment === 'MRG' ? places[segment] : context.locate(segment, ...rest)
    yield buildRecord(PATIENT_MERGE, { ...context, ...side, recordId, operation, locate }, index)
  }
}

function otherPlace({ other: segment }: MergeEvent, { other }: Pair): Location {
  const field = segment === 'MRG' ? 1 : 3
  return other?.at(field) ?? { segment, occurrence: segment === 'PID' ? 2 : 1, field }
}

/** @returns the number of the other patient; a refusal where it has none, has the same, or one that another authority gave */
function otherIppOf({ settings, pid, ipp }: Context, { other }: Pair, place: Location): string | Refusal {
  if (other === undefined) return new Refusal('required', place)
  const own = ippFieldOf(pid, settings.ippAuthorities)
  const found = ippFieldOf(other, settings.ippAuthorities, place.field)
  if (own instanceof Refusal) return own
  if (found instanceof Refusal) return found
  // Without a list of authorities, a number of another establishment would be taken for one of this producer.
  if (areOfOtherAuthorities(own, found)) return new Refusal('other-authority', place)
  const number = found.text(1) ?? ''
  return number === ipp ? new Refusal('same-identifier', place) : number
}

function operationOf({ operation }: MergeEvent, zbe: Segment | undefined): Operation | Refusal {
  return operation === 'cancel' || zbe === undefined ? operation : movementOperation(zbe)
}
