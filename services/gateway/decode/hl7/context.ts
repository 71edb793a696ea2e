/** Who and what the records of a message are about: patient, stay, version. */
import { ippOf, ndaOf } from './identifiers.ts'
import type { Message } from './message.ts'
import { readMoment } from './moment.ts'
import type { Context } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'
import type { Settings } from './settings.ts'

/** A sender's clock or time zone may be ahead of ours. */
const CLOCK_GRACE_MS = 86_400_000

/** What is the same for the whole message. */
export interface Received {
  readonly message: Message
  readonly settings: Settings
  /** When the gateway received it, milliseconds since 1970. */
  readonly receivedAt: number
  /** Position in the request, from 0. */
  readonly index: number
}

/**
 * The version of every record is the time of the message, MSH-7, in milliseconds since 1970, or the time of receipt where it has no minutes or is
 * more than a day ahead. The two can be compared, so that corrections hold in any order of arrival.
 *
 * @param pid of these records; a message of results may have several
 * @returns a refusal when the patient has no IPP
 */
export function contextOf(received: Received, pid: Segment | undefined, pv1: Segment | undefined): Context | Refusal {
  const { message, settings, receivedAt } = received
  if (pid === undefined) return new Refusal('required', { segment: 'PID', occurrence: 1, field: 3 })
  const ipp = ippOf(pid, settings.ippAuthorities)
  if (ipp instanceof Refusal) return ipp
  const sent = readMoment(message.header.segment.text(7) ?? '', settings.localTime)
  const usable =
    'time' in sent &&
    (sent.precision === null || sent.precision === 'minute') &&
    sent.time > 0 &&
    sent.time <= receivedAt + CLOCK_GRACE_MS
  return {
    message,
    settings,
    receivedAt,
    version: usable ? sent.time : receivedAt,
    pid,
    pv1,
    ipp,
    nda: ndaOf(pid, pv1),
    locate: locator([pid, pv1]),
  }
}

/** @param segments of the record; of another segment the first is meant */
export function locator(segments: readonly (Segment | undefined)[]): Context['locate'] {
  return (segment, field, component) => {
    const own = segments.find((one) => one?.name === segment)
    return (
      own?.at(field, component) ?? { segment, occurrence: 1, field, ...(component === undefined ? {} : { component }) }
    )
  }
}
