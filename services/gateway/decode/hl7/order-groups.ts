/** The segments of ORM, OML and OMP as orders, each below its patient. */
import type { Message } from './message.ts'
import type { Segment } from './segment.ts'

export interface Order {
  readonly orc: Segment | undefined
  /** The ORC first, and what follows it up to the next one. */
  readonly segments: readonly Segment[]
}

export interface PatientOrders {
  readonly pid: Segment | undefined
  readonly pv1: Segment | undefined
  readonly orders: readonly Order[]
}

interface GrowingOrder extends Order {
  readonly segments: Segment[]
}

interface GrowingPatient extends PatientOrders {
  pv1: Segment | undefined
  readonly orders: GrowingOrder[]
  /** Whether nothing was ordered below it so far. */
  onlyPrior: boolean
}

/** HL7 table 0119: results of earlier orders that come with a new one, and results that follow. */
const RESULTS = ['PR', 'RE']
/** What says of which order an ORC is. */
const DETAILS = ['OBR', 'RXO', 'ODS', 'ODT', 'RQD', 'RQ1']

/** @returns whether the ORC brings results, and orders nothing */
export function bringsResults(orc: Segment | undefined): boolean {
  return RESULTS.includes(orc?.text(1) ?? '')
}

/**
 * In OML and OMP an order may be followed by earlier results with a PID and a PV1 of their own (PRIOR_RESULT, HL7 2.5, 4.4.6); the next order is then
 * of the patient of the message again. Another PID begins another patient.
 *
 * @returns the orders of each patient of the message, in their order
 */
export function ordersOf({ header, segments }: Message): readonly PatientOrders[] {
  const patients: GrowingPatient[] = []
  const begin = (pid: Segment | undefined, pv1?: Segment): GrowingPatient => {
    const patient = { pid, pv1, orders: [], onlyPrior: true }
    patients.push(patient)
    return patient
  }
  let current: GrowingPatient | undefined
  let ordering: GrowingPatient | undefined
  let order: GrowingOrder | undefined
  for (const segment of segments) {
    const { name } = segment
    if (name === 'PID') {
      current = begin(segment)
      order = undefined
    } else if (name === 'PV1') {
      if (current === undefined || current.orders.length > 0) current = begin(current?.pid, segment)
      else current.pv1 = segment
      order = undefined
    } else if (name === 'ORC' || (order === undefined && DETAILS.includes(name))) {
      current ??= begin(undefined)
      const isPrior = header.type !== 'ORM' && (name === 'ORC' ? segment.text(1) === 'PR' : name === 'OBR')
      if (!isPrior) {
        if (current.orders.length > 0 && current.onlyPrior) current = ordering ?? current
        current.onlyPrior = false
        ordering = current
      }
      order = { orc: name === 'ORC' ? segment : undefined, segments: [segment] }
      current.orders.push(order)
    } else order?.segments.push(segment)
  }
  return patients
}
