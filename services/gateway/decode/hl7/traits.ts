/** What a message says of its patient and of professionals, for a record with a text: `deidentify` looks for it there, and removes it. */
import { namesByLine, otherNames } from '../names-in-text.ts'
import { birthFamilyName, birthGivenNames, email, phone, residence, streetOf, usedFamilyName } from './names.ts'
import { dayOrRefusal } from './read-time.ts'
import type { Context, FieldMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Field, Segment } from './segment.ts'

/** As in the record of the patient, but nothing here refuses a text: what is no day is no birth date to look for. */
export function traitsMap<S extends Context>() {
  return {
    patient_birth_family_name: {
      from: ['PID-5-1'],
      note: 'as for the patient',
      read: ({ pid }: S) => birthFamilyName(pid),
    },
    patient_birth_given_names: { from: ['PID-5-2', 'PID-5-3'], read: ({ pid }: S) => birthGivenNames(pid) },
    patient_used_family_name: { from: ['PID-5-1'], read: ({ pid }: S) => usedFamilyName(pid) },
    patient_other_names: {
      from: ['PID-5', 'PID-9'],
      note: 'those that the fields above do not have',
      read: ({ pid }: S) => othersOf(pid),
    },
    patient_birth_date: {
      from: ['PID-7'],
      note: 'null for a year or a month alone, and for what is no date',
      read: ({ pid }: S) => dayOrNull(pid),
    },
    patient_address_line: { from: ['PID-11-1', 'PID-11-2'], read: ({ pid }: S) => streetOf(residence(pid)) },
    patient_postcode: { from: ['PID-11-5'], read: ({ pid }: S) => residence(pid)?.text(5) ?? null },
    patient_city: { from: ['PID-11-3'], read: ({ pid }: S) => residence(pid)?.text(3) ?? null },
    patient_phone: { from: ['PID-13-1', 'PID-13-12'], read: ({ pid }: S) => phone(pid) },
    patient_email: { from: ['PID-13-4'], read: ({ pid }: S) => email(pid) },
  } satisfies Record<string, FieldMap<S>>
}

/** @param fields XCN or NDL (table of HL7 v2.5, 2.A) of a segment of the source, beside those of the stay, PV1-7 to PV1-9 and PV1-17 */
export function professionalsMap<S extends Context>(
  fields: readonly (readonly [segment: string, field: number])[],
  segmentOf: (source: S, name: string) => Segment | undefined,
) {
  return {
    professional_names: {
      from: [...fields, ...OF_STAY].map(([segment, field]) => `${segment}-${field}`),
      note: 'all of them',
      read: (source: S) =>
        namesByLine(
          [...fields, ...OF_STAY].flatMap(([name, field]) =>
            ((name === 'PV1' ? source.pv1 : segmentOf(source, name))?.repetitions(field) ?? []).map(professionalName),
          ),
        ),
    },
  } satisfies Record<string, FieldMap<S>>
}

const OF_STAY = [7, 8, 9, 17].map((field) => ['PV1', field] as const)

/** XCN-2 and XCN-3; in NDL they are within its first component. */
function professionalName(one: Field): string {
  const [family, given] = one.text(1, 2) === undefined ? [one.text(2), one.text(3)] : [one.text(1, 2), one.text(1, 3)]
  return nameOf(given, family)
}

function othersOf(pid: Segment): string | null {
  const names = [...pid.repetitions(5), ...pid.repetitions(9)].map((one) =>
    nameOf(one.text(2), one.text(3), one.text(1)),
  )
  return otherNames(names, [birthFamilyName(pid), birthGivenNames(pid), usedFamilyName(pid)])
}

function nameOf(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(' ')
}

function dayOrNull(pid: Segment): string | null {
  const day = dayOrRefusal(pid, 7)
  return day instanceof Refusal ? null : day
}
