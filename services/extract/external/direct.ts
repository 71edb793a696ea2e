/** Of patients that the linker has found for the subjects of a cohort the persons that projects see. */

import { quote } from '#core/contract/table.ts'
import type { NamedSubject } from '#core/linkage/external.ts'
import type { Warehouse } from '../warehouse.ts'
import type { Candidate } from './decide.ts'

/**
 * @param work name of the work database, which is there and empty
 * @returns the subjects with the persons of their candidates: the exact links, which are in force for projects
 */
export async function personsOfCandidates(
  warehouse: Warehouse,
  work: string,
  subjects: readonly NamedSubject[],
): Promise<readonly { readonly ticket: string; readonly candidates: readonly Candidate[] }[]> {
  const table = `${quote(work)}.candidate`
  const patients = new Set(subjects.flatMap(({ candidates }) => candidates.map(({ patient }) => patient)))
  await warehouse.command(`CREATE TABLE ${table} (patient_id String) ENGINE = MergeTree ORDER BY patient_id`)
  await warehouse.insert(table, ['patient_id'], Buffer.from([...patients].map((one) => `${one}\n`).join('')))
  const rows = await warehouse.rows<{ patient: string; person: string }>(
    `SELECT c.patient_id AS patient, if(l.person_id = '', concat('pn_', substring(c.patient_id, 4)), l.person_id) AS person
     FROM ${table} AS c LEFT JOIN (SELECT patient_id, person_id FROM ${quote(warehouse.database)}.person_link_current
       WHERE patient_id IN (SELECT patient_id FROM ${table})) AS l ON l.patient_id = c.patient_id
     SETTINGS join_use_nulls = 0`,
  )
  const personOf = new Map(rows.map(({ patient, person }) => [patient, person]))
  return subjects.map(({ ticket, candidates }) => ({
    ticket,
    candidates: candidates.flatMap(({ patient, weight, number }) => {
      const person = personOf.get(patient)
      return person === undefined ? [] : [{ person, weight, number }]
    }),
  }))
}
