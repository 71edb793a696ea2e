/** PV1 -> `encounter`, one record for the stay. */
import { type Code, codedText, codeOf } from './codes.ts'
import { headMap, ndaMap, type Source } from './head.ts'
import type { Message } from './message.ts'
import { precisionMap, type TimeField, timeOf } from './read-time.ts'
import type { RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

export interface StaySource extends Source {
  readonly pv1: Segment
  /** The event begins the stay: its own time is the start, where PV1-44 is missing. */
  readonly begins: boolean
  readonly ends: boolean
  /** The discharge is cancelled: the stay has no end, whatever PV1-45 repeats. */
  readonly reopened: boolean
}

/** HL7 table 0004. */
const KINDS: Readonly<Record<string, string>> = { I: 'inpatient', B: 'inpatient', O: 'outpatient', E: 'emergency' }
/** PMSI modes of entry and exit. */
const PMSI_MODE = /^[06789N]$/
const UNIT = /^[\w.-]{1,32}$/

export const STAY: RecordMap<StaySource> = {
  feed: 'encounter',
  fields: {
    ...headMap<StaySource>(['PID-18', 'PV1-19'], ['MSH-9-2'], '`stay/` and the number of the stay'),
    ...ndaMap<StaySource>(),
    kind: { from: ['PV1-2'], note: 'table 0004', read: ({ pv1 }) => kindOf(pv1) },
    started_at: {
      from: ['PV1-44', 'EVN-6'],
      note: 'EVN-6 where the event begins the stay; for a cancellation EVN-2, too',
      read: startOf,
    },
    started_precision: precisionMap(['PV1-44', 'EVN-6'], started),
    ended_at: { from: ['PV1-45', 'EVN-6'], note: 'EVN-6 where the event ends the stay; null for A13', read: endOf },
    ended_precision: precisionMap(['PV1-45', 'EVN-6'], ended),
    care_unit: { from: ['PV1-3-1'], read: ({ pv1 }) => unit(pv1.text(3)) },
    admission_mode: {
      from: ['ZFM-1'],
      note: 'PMSI mode of entry',
      read: ({ message }) => mode(message.first('ZFM'), 1),
    },
    discharge_mode: {
      from: ['ZFM-2'],
      note: 'PMSI mode of exit',
      read: ({ message }) => mode(message.first('ZFM'), 2),
    },
    reason_code: {
      from: ['PV2-3'],
      read: ({ message }) => {
        const reason = reasonOf(message)
        return reason instanceof Refusal ? reason : (reason?.code ?? null)
      },
    },
    reason_system: {
      from: ['PV2-3-3'],
      read: ({ message }) => {
        const reason = reasonOf(message)
        return reason instanceof Refusal ? null : (reason?.system ?? null)
      },
    },
    reason_text: {
      from: ['PV2-3-2'],
      read: ({ message }) => {
        const pv2 = message.first('PV2')
        return pv2 === undefined ? null : (codedText(pv2.field(3)) ?? null)
      },
    },
  },
}

/** @returns the code of a unit, or null: a name is text and not a code */
export function unit(code: string | undefined): string | null {
  return code !== undefined && UNIT.test(code) ? code : null
}

function kindOf(pv1: Segment): string {
  const given = pv1.text(2) ?? ''
  return Object.hasOwn(KINDS, given) ? (KINDS[given] ?? 'other') : 'other'
}

function started({ pv1, message, begins, operation }: StaySource): readonly TimeField[] {
  const evn = message.first('EVN')
  if (operation === 'cancel')
    return [
      [pv1, 44],
      [evn, 6],
      [evn, 2],
    ]
  return begins
    ? [
        [pv1, 44],
        [evn, 6],
      ]
    : [[pv1, 44]]
}

function ended({ pv1, message, ends, reopened }: StaySource): readonly TimeField[] {
  if (reopened) return []
  return ends
    ? [
        [pv1, 45],
        [message.first('EVN'), 6],
      ]
    : [[pv1, 45]]
}

function startOf(source: StaySource): string | Refusal {
  return timeOf(source, started(source)) ?? new Refusal('required', source.pv1.at(44))
}

function endOf(source: StaySource): string | null | Refusal {
  const end = timeOf(source, ended(source))
  return end ?? (source.ends ? new Refusal('required', source.pv1.at(45)) : null)
}

function reasonOf(message: Message): Code | undefined | Refusal {
  const pv2 = message.first('PV2')
  return pv2 === undefined ? undefined : codeOf(pv2, 3, ['cim10', 'snomed'])
}

function mode(zfm: Segment | undefined, field: number): string | null {
  const given = zfm?.text(field)
  return given !== undefined && PMSI_MODE.test(given) ? given : null
}
