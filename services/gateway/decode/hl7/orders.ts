/** ORM^O01, OML^O21 and OMP^O09 -> the prescriptions of each patient, and the results that come with an order. Another order is no fact yet. */
import type { Item } from '../item.ts'
import { contextOf, locator, type Received } from './context.ts'
import { MEDICATION, medicationCode, medicationId } from './medication.ts'
import { bringsResults, type Order, ordersOf } from './order-groups.ts'
import { orderState } from './order-status.ts'
import { buildRecord, type Context, refused } from './record-map.ts'
import { Refusal } from './refusal.ts'
import { resultItems, resultsOf } from './results.ts'
import type { Segment } from './segment.ts'

/** Meals and supplies. */
const SUPPLIES = ['ODS', 'ODT', 'RQD', 'RQ1']

export function* orderItems(received: Received): Generator<Item> {
  const { message, index } = received
  const seen = new Set<string>()
  let any = false
  for (const { pid, pv1, orders } of ordersOf(message)) {
    if (orders.length === 0) continue
    any = true
    const context = contextOf(received, pid, pv1)
    if (context instanceof Refusal) {
      yield refused(context, index, 'medication', '/patient_ipp')
      continue
    }
    for (const order of orders) yield* itemsOfOrder(context, order, seen, index)
    // Together: two results that nothing tells apart may be of two orders.
    const results = orders.flatMap(({ segments }) => resultsOf(segments).flatMap((one) => one.results))
    yield* resultItems(context, results, index)
  }
  if (!any) yield refused(new Refusal('required', { segment: 'ORC', occurrence: 1, field: 0 }), index)
}

/** @param seen identifiers of the orders of the message so far */
function* itemsOfOrder(context: Context, order: Order, seen: Set<string>, index: number): Generator<Item> {
  const { orc, segments } = order
  const named = (name: string) => segments.filter((one) => one.name === name)
  const [rxo, ...others] = named('RXO')
  const examinations = named('OBR')
  const supply = segments.find(({ name }) => SUPPLIES.includes(name))
  if (rxo) {
    const end = others[0] === undefined ? segments.length : segments.indexOf(others[0])
    yield medicationItem(context, orc, rxo, segments.slice(0, end), seen, index)
  }
  // The number of the order is that of one drug.
  for (const other of others)
    yield refused(new Refusal('ambiguous-identifier', other.at(1)), index, 'medication', '/record_id')
  if (bringsResults(orc) && !rxo) {
    if (named('OBX').length === 0) yield refused(missing('OBX', context), index, 'observation')
    return
  }
  for (const obr of examinations) yield refused(new Refusal('not-a-fact', obr.at(4)), index, 'observation')
  if (supply) yield refused(new Refusal('not-a-fact', orc?.at(1) ?? supply.at(0)), index)
  if (!rxo && !supply && examinations.length === 0) yield refused(missing('RXO', context), index, 'medication')
}

/** @param segments of the order, up to a second drug */
function medicationItem(
  context: Context,
  orc: Segment | undefined,
  rxo: Segment,
  segments: readonly Segment[],
  seen: Set<string>,
  index: number,
): Item {
  const refuse = (refusal: Refusal, pointer: string) => refused(refusal, index, 'medication', pointer)
  if (orc === undefined) return refuse(missing('ORC', context), '/record_id')
  const state = orderState(orc)
  if (state instanceof Refusal) return refuse(state, '/status')
  const recordId = medicationId(orc)
  if (recordId instanceof Refusal) return refuse(recordId, '/record_id')
  if (seen.has(recordId)) return refuse(new Refusal('ambiguous-identifier', orc.at(2)), '/record_id')
  seen.add(recordId)
  const code = medicationCode(rxo)
  if (code instanceof Refusal) return refuse(code, '/code')
  const results = segments.findIndex(({ name }) => name === 'OBX')
  const own = results === -1 ? segments : segments.slice(0, results)
  const named = (name: string) => own.filter((one) => one.name === name)
  const [routes, timings, notes] = [named('RXR'), named('TQ1'), named('NTE')]
  const locate = locator([orc, rxo, routes[0], timings[0], notes[0]])
  const source = { ...context, locate, orc, rxo, routes, timings, notes, code, state }
  return buildRecord(MEDICATION, { ...source, recordId, operation: 'upsert' }, index)
}

/** A segment that the order should have; which of its name it would be is not known. */
function missing(segment: string, { message }: Context): Refusal {
  return new Refusal('required', { segment, occurrence: message.all(segment).length + 1, field: 0 })
}
