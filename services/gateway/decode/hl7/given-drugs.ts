/** RAS^O17 and RDS^O13 -> `medication`: what was administered (RXA) and dispensed (RXD), and the results that come with it. What was ordered is in other messages. */
import { joined } from '#core/fhir/json.ts'
import type { Item } from '../item.ts'
import { actionOf } from './action.ts'
import { type Code, codedText, codeOf, SOURCE_NOTE } from './codes.ts'
import { contextOf, locator, type Received } from './context.ts'
import { headMap, ndaMap, type Operation, type Source } from './head.ts'
import { entityOf } from './identifiers.ts'
import { DRUG_SYSTEMS, routeOf } from './medication.ts'
import { numberOf } from './number.ts'
import { type Order, ordersOf } from './order-groups.ts'
import { precisionMap, timeOf } from './read-time.ts'
import { buildRecord, type Context, type RecordMap, refused } from './record-map.ts'
import { Refusal } from './refusal.ts'
import { resultItems, resultsOf } from './results.ts'
import type { Segment } from './segment.ts'

interface GivenSource extends Source {
  /** RXA or RXD. */
  readonly given: Segment
  readonly routes: readonly Segment[]
  readonly notes: readonly Segment[]
  readonly code: Code
}

/** What a segment has in its fields. */
interface GivenSegment {
  readonly name: 'RXA' | 'RXD'
  readonly kind: 'administration' | 'dispense'
  readonly fields: {
    readonly code: number
    readonly from: number
    readonly amount: number
    readonly unit: number
    readonly text: number
  }
}

const RXA: GivenSegment = {
  name: 'RXA',
  kind: 'administration',
  fields: { from: 3, code: 5, amount: 6, unit: 7, text: 9 },
}
const RXD: GivenSegment = { name: 'RXD', kind: 'dispense', fields: { code: 2, from: 3, amount: 4, unit: 5, text: 9 } }
const ENDED = 4
const COMPLETION = 20
const ACTION = 21
/** What HL7 has for an amount that was not recorded. */
const NOT_RECORDED = 999

/** HL7 table 0322. */
export const COMPLETIONS: Readonly<Record<string, string>> = {
  CP: 'completed',
  PA: 'completed',
  RE: 'not_done',
  NA: 'not_done',
}

function amountOf({ given }: GivenSource, field: number): number | null | Refusal {
  const amount = numberOf(given.text(field), given, field)
  return amount === undefined || amount === NOT_RECORDED ? null : amount
}

function completionOf({ given }: GivenSource): string | null | Refusal {
  const code = given.text(COMPLETION)
  if (code === undefined) return null
  return (
    (Object.hasOwn(COMPLETIONS, code) ? COMPLETIONS[code] : undefined) ??
    new Refusal('enum', given.at(COMPLETION), Object.keys(COMPLETIONS))
  )
}

function mapOf({ name, kind, fields }: GivenSegment, id: string): RecordMap<GivenSource> {
  const place = (field: number, component?: number) =>
    `${name}-${field}${component === undefined ? '' : `-${component}`}`
  const from = ({ given }: GivenSource) => [[given, fields.from] as const]
  const ended = ({ given }: GivenSource) => (kind === 'administration' ? [[given, ENDED] as const] : [])
  const end = kind === 'administration' ? [place(ENDED)] : []
  const operation = kind === 'administration' ? [place(ACTION)] : []
  return {
    feed: 'medication',
    fields: {
      ...headMap<GivenSource>(
        ['ORC-2', 'ORC-3', place(1), ...(kind === 'administration' ? [place(2)] : [])],
        operation,
        id,
      ),
      ...ndaMap<GivenSource>(),
      kind: { from: [], note: `\`${kind}\``, read: () => kind },
      code_system: { from: [place(fields.code, 3), place(fields.code, 6)], read: ({ code }) => code.system },
      code: { from: [place(fields.code, 1), place(fields.code, 4)], read: ({ code }) => code.code },
      code_source: {
        from: [place(fields.code, 3), place(fields.code, 6)],
        note: SOURCE_NOTE,
        read: ({ code }) => code.source,
      },
      started_at: {
        from: [place(fields.from)],
        read: (source) => timeOf(source, from(source)) ?? new Refusal('required', source.given.at(fields.from)),
      },
      started_precision: precisionMap([place(fields.from)], from),
      ended_at: { from: end, read: (source) => timeOf(source, ended(source)) ?? null },
      ended_precision: precisionMap(end, ended),
      status:
        kind === 'administration'
          ? { from: [place(COMPLETION)], note: 'below; null where it is empty', read: completionOf }
          : { from: [], note: 'null', read: () => null },
      quantity: {
        from: [place(fields.amount)],
        note: kind === 'administration' ? 'null for 999, an amount that was not recorded' : '',
        read: (source) => amountOf(source, fields.amount),
      },
      quantity_unit: { from: [place(fields.unit, 1)], read: ({ given }) => given.text(fields.unit) ?? null },
      route: { from: ['RXR-1-1', 'RXR-1-4'], note: 'of a single RXR', read: routeOf },
      dosage_text: {
        from: [place(fields.text), 'NTE-3', 'RXR-1-2'],
        note: 'RXR where it is no route',
        read: (source) =>
          joined([
            ...source.given.repetitions(fields.text).map((one) => codedText(one) ?? one.text(1)),
            ...(routeOf(source) === null ? source.routes.map((rxr) => codedText(rxr.field(1)) ?? rxr.text(1)) : []),
            ...source.notes.flatMap((nte) => nte.repetitions(3).map((one) => one.text(1))),
          ]),
      },
    },
  }
}

export const ADMINISTRATION = mapOf(RXA, '`administration/`, the number of the order, RXA-1, and RXA-2, else RXA-3')
export const DISPENSE = mapOf(RXD, '`dispense/`, the number of the order, and RXD-1')

/** By type of message. */
export const GIVEN: Readonly<Record<string, { readonly segment: GivenSegment; readonly map: RecordMap<GivenSource> }>> =
  {
    'RAS^O17': { segment: RXA, map: ADMINISTRATION },
    'RDS^O13': { segment: RXD, map: DISPENSE },
  }

export function* givenItems(received: Received): Generator<Item> {
  const { message, index } = received
  const { type, event } = message.header
  const of = GIVEN[`${type}^${event}`] as (typeof GIVEN)[string]
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
    for (const order of orders) {
      const found = order.segments.filter(({ name }) => name === of.segment.name)
      for (const given of found) yield givenItem(context, order, { given, of, seen, index })
      if (found.length === 0)
        yield refused(new Refusal('required', missing(of.segment.name, context)), index, 'medication')
    }
    const results = orders.flatMap(({ segments }) => resultsOf(segments).flatMap((one) => one.results))
    yield* resultItems(context, results, index)
  }
  if (!any) yield refused(new Refusal('required', { segment: 'ORC', occurrence: 1, field: 0 }), index)
}

interface Given {
  readonly given: Segment
  readonly of: (typeof GIVEN)[string]
  /** Identifiers of the message so far. */
  readonly seen: Set<string>
  readonly index: number
}

function givenItem(context: Context, { orc, segments }: Order, { given, of, seen, index }: Given): Item {
  const { segment, map } = of
  const refuse = (refusal: Refusal, pointer: string) => refused(refusal, index, 'medication', pointer)
  if (orc === undefined) return refuse(new Refusal('required', missing('ORC', context)), '/record_id')
  const order = entityOf(orc, 2) ?? entityOf(orc, 3)
  if (order === undefined) return refuse(new Refusal('required', orc.at(2)), '/record_id')
  const operation: Operation | Refusal = segment === RXA ? actionOf(given, ACTION) : 'upsert'
  if (operation instanceof Refusal) return refuse(operation, '/operation')
  const recordId = `${segment.kind}/${order}/${numberWithin(segment, given)}`
  if (seen.has(recordId)) return refuse(new Refusal('ambiguous-identifier', given.at(1)), '/record_id')
  seen.add(recordId)
  const code =
    codeOf(given, segment.fields.code, DRUG_SYSTEMS) ?? new Refusal('required', given.at(segment.fields.code))
  if (code instanceof Refusal) return refuse(code, '/code')
  // Up to the next of its kind: its route and notes, not those of the order before it.
  const after = segments.slice(segments.indexOf(given) + 1)
  const end = after.findIndex(({ name }) => name === segment.name || name === 'OBX')
  const own = end === -1 ? after : after.slice(0, end)
  const named = (name: string) => own.filter((one) => one.name === name)
  const [routes, notes] = [named('RXR'), named('NTE')]
  const locate = locator([orc, given, routes[0], notes[0]])
  return buildRecord(map, { ...context, locate, given, routes, notes, code, recordId, operation }, index)
}

/** A counter tells two administrations of one order apart; without one (0) their time does. */
function numberWithin({ kind, fields }: GivenSegment, given: Segment): string {
  if (kind === 'dispense') return given.text(1) ?? ''
  const counter = given.text(2)
  const own = counter === undefined || counter === '0' ? (given.text(fields.from) ?? '') : counter
  return `${given.text(1) ?? ''}/${own}`
}

function missing(segment: string, { message }: Context) {
  return { segment, occurrence: message.all(segment).length + 1, field: 0 }
}
