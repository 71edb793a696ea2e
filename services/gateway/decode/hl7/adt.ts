/** ADT -> what is merged (merge.ts), or the identity, the stay, its movement, and the diagnoses, procedures and results that come with it. */
import type { Item } from '../item.ts'
import { actionOf } from './action.ts'
import { ADT_EVENTS, type AdtEvent } from './adt-events.ts'
import type { Code } from './codes.ts'
import { contextOf, locator, type Received } from './context.ts'
import { DIAGNOSIS, diagnosisCode, diagnosisId } from './diagnosis.ts'
import type { Operation } from './head.ts'
import { MERGE_EVENTS, mergeItems } from './merge.ts'
import { isHistoric, MOVEMENT, movementId, movementOperation } from './movement.ts'
import { DEATH, PATIENT } from './patient.ts'
import { PROCEDURE, procedureCode, procedureId } from './procedure.ts'
import { dayOf } from './read-time.ts'
import { buildRecord, type Context, refused } from './record-map.ts'
import { Refusal } from './refusal.ts'
import { resultItems, resultsOf } from './results.ts'
import type { Segment } from './segment.ts'
import { STAY } from './stay.ts'

export function* adtItems(received: Received): Generator<Item> {
  const { message, index } = received
  const { header } = message
  const merge = Object.hasOwn(MERGE_EVENTS, header.event) ? MERGE_EVENTS[header.event] : undefined
  if (merge !== undefined) {
    yield* mergeItems(received, merge)
    return
  }
  const event = Object.hasOwn(ADT_EVENTS, header.event) ? ADT_EVENTS[header.event] : undefined
  if (event === undefined) {
    yield refused(
      new Refusal('unmapped-message', header.segment.at(9, 2), [
        ...Object.keys(ADT_EVENTS),
        ...Object.keys(MERGE_EVENTS),
      ]),
      index,
    )
    return
  }
  const context = contextOf(received, message.first('PID'), message.first('PV1'))
  if (context instanceof Refusal) {
    yield refused(context, index, 'patient', '/patient_ipp')
    return
  }
  if (event.identity) yield* identityItems(context, index)
  if (event.stay !== undefined) yield* stayItems(context, event, index)
  if (event.clinical) yield* clinicalItems(context, index)
}

function* identityItems(context: Context, index: number): Generator<Item> {
  const source = { ...context, recordId: context.ipp, operation: 'upsert' as const }
  yield buildRecord(PATIENT, source, index)
  if (dayOf(context.pid, 29) !== null) yield buildRecord(DEATH, source, index)
}

function* stayItems(context: Context, event: AdtEvent, index: number): Generator<Item> {
  const { message, nda } = context
  const pv1 = message.first('PV1')
  const zbe = message.first('ZBE')
  const planned = event.stay === 'planned' || pv1?.text(2) === 'P'
  // An update of an identity alone says so with the class N, or has no stay at all.
  const none = event.stay === 'current' && zbe === undefined && nda === null && (pv1?.text(2) ?? 'N') === 'N'
  if (none) return
  if (planned) {
    const place = pv1?.text(2) === 'P' ? pv1.at(2) : message.header.segment.at(9, 2)
    yield refused(new Refusal('not-a-fact', place), index, 'encounter')
    return
  }
  if (zbe) yield movementItem(context, zbe, index)
  if (isHistoric(zbe)) return
  if (pv1 === undefined)
    yield refused(new Refusal('required', { segment: 'PV1', occurrence: 1, field: 0 }), index, 'encounter')
  else if (nda === null) yield refused(new Refusal('required', pv1.at(19)), index, 'encounter', '/encounter_nda')
  else
    yield buildRecord(
      STAY,
      {
        ...context,
        pv1,
        recordId: `stay/${nda}`,
        operation: event.stay === 'cancelled' ? 'cancel' : 'upsert',
        begins: event.stay === 'begins',
        ends: event.stay === 'ends',
        reopened: event.stay === 'reopened',
      },
      index,
    )
}

function movementItem(context: Context, zbe: Segment, index: number): Item {
  const operation = movementOperation(zbe)
  if (operation instanceof Refusal) return refused(operation, index, 'encounter', '/operation')
  return buildRecord(MOVEMENT, { ...context, zbe, recordId: movementId(zbe), operation }, index)
}

function* clinicalItems(context: Context, index: number): Generator<Item> {
  const { message, nda } = context
  for (const dg1 of message.all('DG1')) {
    const found = codedSegment('diagnosis', dg1, diagnosisCode(dg1), 21, context, index)
    yield 'kind' in found
      ? found
      : buildRecord(DIAGNOSIS, { ...found, dg1, recordId: diagnosisId(dg1, nda, found.code) }, index)
  }
  for (const pr1 of message.all('PR1')) {
    const found = codedSegment('procedure', pr1, procedureCode(pr1), 20, context, index)
    yield 'kind' in found
      ? found
      : buildRecord(PROCEDURE, { ...found, pr1, recordId: procedureId(pr1, nda, found.code) }, index)
  }
  for (const group of resultsOf(message.segments)) yield* resultItems(context, group.results, index)
}

/**
 * @param action number of the field with the action code
 * @returns what a record with a code needs besides its own segment, or why it is refused
 */
function codedSegment(
  feed: string,
  segment: Segment,
  code: Code | Refusal,
  action: number,
  context: Context,
  index: number,
): (Context & { readonly code: Code; readonly operation: Operation }) | Item {
  if (code instanceof Refusal) return refused(code, index, feed, '/code')
  const operation = actionOf(segment, action)
  if (operation instanceof Refusal) return refused(operation, index, feed, '/operation')
  return { ...context, locate: locator([segment]), code, operation }
}
