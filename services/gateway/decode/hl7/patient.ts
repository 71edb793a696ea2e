/** PID -> `patient`, and `death` where the day of death is known. */
import { headMap, type Source } from './head.ts'
import { insOf, nirOf } from './identifiers.ts'
import {
  birthFamilyName,
  birthGivenNames,
  birthPlace,
  email,
  phone,
  residence,
  streetOf,
  usedFamilyName,
} from './names.ts'
import { dayOrRefusal, partialDayOf, partialDayOrRefusal, preciseTimeOf } from './read-time.ts'
import type { FieldMap, RecordMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

/** HL7 table 0001. */
const SEXES: Readonly<Record<string, string>> = {
  F: 'female',
  M: 'male',
  O: 'other',
  A: 'other',
  U: 'unknown',
  N: 'unknown',
}
const VALIDATED = 'VALI'

const IDENTITY = {
  ...headMap<Source>(['PID-3'], [], 'the IPP'),
  ins: { from: ['PID-3'], note: 'by the OID of its authority (CX-4-2)', read: ({ pid }) => insOf(pid) },
  nir: { from: ['PID-3'], note: 'an INS of type NIR', read: ({ pid }) => nirOf(pid) },
  identity_status: {
    from: ['PID-32'],
    note: 'of several the first that is not VALI',
    read: ({ pid }) => statusOf(pid),
  },
  birth_family_name: {
    from: ['PID-5-1'],
    note: 'type B or M, else L, else without a type',
    read: ({ pid }) => birthFamilyName(pid),
  },
  birth_given_names: { from: ['PID-5-2', 'PID-5-3'], read: ({ pid }) => birthGivenNames(pid) },
  birth_date: { from: ['PID-7'], note: 'null for a year or a month alone', read: ({ pid }) => dayOrRefusal(pid, 7) },
  sex: { from: ['PID-8'], note: 'table 0001', read: ({ pid }) => sexOf(pid) },
  birth_place_insee: { from: ['PID-11-9'], note: 'of the address of type BDL', read: ({ pid }) => birthPlace(pid) },
} satisfies Record<string, FieldMap<Source>>

export const PATIENT: RecordMap<Source> = {
  feed: 'patient',
  fields: {
    ...IDENTITY,
    used_family_name: { from: ['PID-5-1'], note: 'type D, or L beside B or M', read: ({ pid }) => usedFamilyName(pid) },
    address_line: {
      from: ['PID-11-1', 'PID-11-2'],
      note: 'type H, else the first residence',
      read: ({ pid }) => streetOf(residence(pid)),
    },
    postcode: { from: ['PID-11-5'], read: ({ pid }) => residence(pid)?.text(5) ?? null },
    city: { from: ['PID-11-3'], read: ({ pid }) => residence(pid)?.text(3) ?? null },
    phone: { from: ['PID-13-1', 'PID-13-12'], read: ({ pid }) => phone(pid) },
    email: { from: ['PID-13-4'], read: ({ pid }) => email(pid) },
    birth_partial: {
      from: ['PID-7'],
      note: 'the first day of a year or a month alone',
      read: ({ pid }) => {
        const { on, precision } = partialDayOf(pid, 7)
        return precision === null ? null : on
      },
    },
    birth_precision: { from: ['PID-7'], read: ({ pid }) => partialDayOf(pid, 7).precision },
    deceased: {
      from: ['PID-30', 'PID-29'],
      note: 'true where there is a date',
      read: ({ pid }) => (partialDayOf(pid, 29).on !== null ? true : deceasedOf(pid)),
    },
    deceased_on: {
      from: ['PID-29'],
      note: 'the first day of a year or a month alone',
      read: ({ pid }) => partialDayOrRefusal(pid, 29),
    },
    deceased_precision: { from: ['PID-29'], read: ({ pid }) => partialDayOf(pid, 29).precision },
    updated_at: {
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

export const DEATH: RecordMap<Source> = {
  feed: 'death',
  fields: { ...IDENTITY, died_on: { from: ['PID-29'], read: ({ pid }) => dayOrRefusal(pid, 29) } },
}

/** One status that is not validated is enough to keep the INS from linking. */
function statusOf(pid: Segment): string | null {
  const all = pid
    .repetitions(32)
    .map((one) => one.text(1))
    .filter((one) => one !== undefined)
  return all.find((one) => one !== VALIDATED) ?? all[0] ?? null
}

/** HL7 table 0136. */
function deceasedOf(pid: Segment): boolean | null | Refusal {
  const given = pid.text(30)
  if (given === undefined) return null
  return given === 'Y' || given === 'N' ? given === 'Y' : new Refusal('enum', pid.at(30), ['Y', 'N'])
}

function sexOf(pid: Segment): string | Refusal {
  const given = pid.text(8) ?? 'U'
  return (Object.hasOwn(SEXES, given) ? SEXES[given] : undefined) ?? new Refusal('enum', pid.at(8), Object.keys(SEXES))
}
