/** ORC-1, the order control (HL7 table 0119), and ORC-5, the status of the order (table 0038), as the column says it in the words of FHIR. */
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

const IN_FORCE = 'active'
const CANCELLED = 'cancelled'
const STOPPED = 'stopped'
const ON_HOLD = 'on_hold'

/** New: its order begins with the message. */
const NEW = ['NW', 'NA', 'OK', 'RO']
/**
 * XO, XR, XX change an order; RL, OE, OR release it. CA and DC ask for what OC and OD did unasked, and CR and DR as requested. An order that was
 * replaced (RP, RQ, RU) is treated as though it were cancelled (HL7 2.5, 4.5.1.1).
 */
const CONTROLS: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...NEW, 'XO', 'XR', 'XX', 'RL', 'OE', 'OR'].map((control) => [control, IN_FORCE])),
  ...Object.fromEntries(['CA', 'OC', 'CR', 'RP', 'RQ', 'RU'].map((control) => [control, CANCELLED])),
  ...Object.fromEntries(['DC', 'OD', 'DR'].map((control) => [control, STOPPED])),
  ...Object.fromEntries(['HD', 'OH', 'HR'].map((control) => [control, ON_HOLD])),
}
/** The status has changed, or is the answer to a question; ORC-5 says which it is. */
const TOLD = ['SC', 'SR']
/** A: some of it is done; SC: it is scheduled. ER, an order that was not found, is no status. */
const STATUSES: Readonly<Record<string, string>> = {
  A: IN_FORCE,
  IP: IN_FORCE,
  SC: IN_FORCE,
  CM: 'completed',
  CA: CANCELLED,
  RP: CANCELLED,
  DC: STOPPED,
  HD: ON_HOLD,
}

/** What the page says of each code. */
export const ORDER_CONTROLS: Readonly<Record<string, string>> = {
  ...CONTROLS,
  ...Object.fromEntries(TOLD.map((control) => [control, 'ORC-5'])),
}
export const ORDER_STATUSES = STATUSES

export interface OrderState {
  /** `medication.status`. */
  readonly status: string
  /** Whether the times of the ORC are those of the order itself, and not of what happened to it later. */
  readonly isNew: boolean
}

/**
 * A control that cancels, stops or holds decides; with another one ORC-5 does, where it has a value.
 *
 * @returns a refusal without a control, and for a code that says of no order what it is now
 */
export function orderState(orc: Segment): OrderState | Refusal {
  const control = orc.text(1)
  if (control === undefined) return new Refusal('required', orc.at(1))
  const status = Object.hasOwn(CONTROLS, control) ? CONTROLS[control] : undefined
  if (status === undefined && !TOLD.includes(control))
    return new Refusal('enum', orc.at(1), Object.keys(ORDER_CONTROLS))
  const isNew = NEW.includes(control)
  if (status !== undefined && status !== IN_FORCE) return { status, isNew }
  const given = orc.text(5)
  if (given === undefined) return status === undefined ? new Refusal('required', orc.at(5)) : { status, isNew }
  const told = Object.hasOwn(STATUSES, given) ? STATUSES[given] : undefined
  return told === undefined ? new Refusal('enum', orc.at(5), Object.keys(STATUSES)) : { status: told, isNew }
}
