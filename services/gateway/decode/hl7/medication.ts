/** ORC and RXO, with their RXR, TQ1 and NTE -> `medication` of kind `request`. */
import { joined } from '#core/fhir/json.ts'
import { type Code, codedText, codeOf, SOURCE_NOTE } from './codes.ts'
import { headMap, ndaMap, type Source } from './head.ts'
import { entityOf } from './identifiers.ts'
import { numberOf } from './number.ts'
import type { OrderState } from './order-status.ts'
import { precisionMap, type TimeField, timeOf } from './read-time.ts'
import type { RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

export interface MedicationSource extends Source {
  readonly orc: Segment
  readonly rxo: Segment
  readonly routes: readonly Segment[]
  /** TQ1. */
  readonly timings: readonly Segment[]
  /** NTE of the order, not of its results. */
  readonly notes: readonly Segment[]
  readonly code: Code
  readonly state: OrderState
}

export const DRUG_SYSTEMS = ['ucd', 'cip', 'atc', 'rxnorm']
const STARTED = ['ORC-15', 'ORC-9', 'TQ1-7', 'ORC-7-4']
const ENDED = ['TQ1-8', 'ORC-7-5', 'ORC-15']

/** When it was ordered, else when it begins, as for FHIR. In a later message ORC-9 and ORC-15 are the times of what happened to the order. */
function started({ orc, timings, state }: MedicationSource): readonly TimeField[] {
  const begins: readonly TimeField[] = [
    [timings[0], 7],
    [orc, 7, 4],
  ]
  return state.isNew ? [[orc, 15], [orc, 9], ...begins] : begins
}

function ended({ orc, timings, state }: MedicationSource): readonly TimeField[] {
  const planned: readonly TimeField[] = [
    [timings.at(-1), 8],
    ...(dosagesOf(orc, timings) > 1 ? [] : [[orc, 7, 5] as const]),
  ]
  return state.status === 'stopped' ? [[orc, 15], ...planned] : planned
}

/** Each timing is a dosage of its own. */
function dosagesOf(orc: Segment, timings: readonly Segment[]): number {
  return Math.max(1, timings.length, timings.length > 0 ? 0 : orc.repetitions(7).length)
}

interface Dose {
  readonly low: number | null
  readonly high: number | null
}

const NO_DOSE: Dose = { low: null, high: null }

/** @returns RXO-2 and RXO-3; both null where several timings may each have another amount */
function doseOf({ orc, rxo, timings }: MedicationSource): Dose | Refusal {
  const low = numberOf(rxo.text(2), rxo, 2)
  const high = numberOf(rxo.text(3), rxo, 3)
  if (low instanceof Refusal) return low
  if (high instanceof Refusal) return high
  return dosagesOf(orc, timings) > 1 ? NO_DOSE : { low: low ?? null, high: high ?? null }
}

/** @returns the part of the dose that the function reads, or the refusal of its number */
function ofDose(read: (dose: Dose) => number | null) {
  return (source: MedicationSource): number | null | Refusal => {
    const dose = doseOf(source)
    return dose instanceof Refusal ? dose : read(dose)
  }
}

/** A least amount alone, and one that is the greatest, too, is the quantity. */
function isExact({ low, high }: Dose): boolean {
  return low !== null && (high === null || high === low)
}

/** Of several routes one is to be chosen: none of them is the route. */
export function routeOf({ routes }: Pick<MedicationSource, 'routes'>): string | null {
  const [rxr] = routes
  return routes.length === 1 ? (rxr?.text(1, 1) ?? rxr?.text(1, 4) ?? null) : null
}

function textOf(source: MedicationSource): string | null {
  const { rxo, routes, notes } = source
  return joined([
    ...rxo.repetitions(7).map((one) => codedText(one) ?? one.text(1)),
    ...(routeOf(source) === null ? routes.map((rxr) => codedText(rxr.field(1)) ?? rxr.text(1)) : []),
    ...notes.flatMap((nte) => nte.repetitions(3).map((one) => one.text(1))),
  ])
}

export const MEDICATION: RecordMap<MedicationSource> = {
  feed: 'medication',
  fields: {
    ...headMap<MedicationSource>(
      ['ORC-2', 'ORC-3'],
      [],
      '`medication/` and the placer’s number ORC-2, else `medication/filler/` and the filler’s number ORC-3',
    ),
    operation: { from: [], note: '`upsert`', read: ({ operation }) => operation },
    ...ndaMap<MedicationSource>(),
    kind: { from: [], note: '`request`', read: () => 'request' },
    code_system: { from: ['RXO-1-3', 'RXO-1-6'], read: ({ code }) => code.system },
    code: { from: ['RXO-1-1', 'RXO-1-4'], read: ({ code }) => code.code },
    code_source: { from: ['RXO-1-3', 'RXO-1-6'], note: SOURCE_NOTE, read: ({ code }) => code.source },
    started_at: {
      from: STARTED,
      note: 'ORC-15 and ORC-9 of a new order alone (NW, NA, OK, RO); of several TQ1 the first',
      read: (source) => timeOf(source, started(source)) ?? new Refusal('required', source.locate('TQ1', 7)),
    },
    started_precision: precisionMap(STARTED, started),
    ended_at: {
      from: ENDED,
      note: 'of several TQ1 the last; ORC-15 first where the order is stopped',
      read: (source) => timeOf(source, ended(source)) ?? null,
    },
    ended_precision: precisionMap(ENDED, ended),
    status: { from: ['ORC-1', 'ORC-5'], note: 'above', read: ({ state }) => state.status },
    intent: { from: [], note: '`order`', read: () => 'order' },
    do_not_perform: { from: [], note: 'null', read: () => null },
    quantity: {
      from: ['RXO-2'],
      note: 'where RXO-3 is empty or the same',
      read: ofDose((dose) => (isExact(dose) ? dose.low : null)),
    },
    quantity_low: {
      from: ['RXO-2'],
      note: 'where RXO-3 is another number',
      read: ofDose((dose) => (isExact(dose) ? null : dose.low)),
    },
    quantity_high: { from: ['RXO-3'], read: ofDose((dose) => (isExact(dose) ? null : dose.high)) },
    quantity_unit: { from: ['RXO-4-1'], read: ({ rxo }) => rxo.text(4) ?? null },
    dosage_count: {
      from: ['TQ1', 'ORC-7'],
      note: 'how many timings; of several, no quantity is kept',
      read: ({ orc, timings }) => dosagesOf(orc, timings),
    },
    route: { from: ['RXR-1-1', 'RXR-1-4'], note: 'of a single RXR', read: routeOf },
    dosage_text: { from: ['RXO-7', 'NTE-3', 'RXR-1-2'], note: 'RXR where it is no route', read: textOf },
  },
}

/** @returns the drug; a refusal without its code */
export function medicationCode(rxo: Segment): Code | Refusal {
  return codeOf(rxo, 1, DRUG_SYSTEMS) ?? new Refusal('required', rxo.at(1))
}

/** @returns a refusal for an order without a number */
export function medicationId(orc: Segment): string | Refusal {
  const placer = entityOf(orc, 2)
  const filler = entityOf(orc, 3)
  if (placer !== undefined) return `medication/${placer}`
  return filler === undefined ? new Refusal('required', orc.at(2)) : `medication/filler/${filler}`
}
