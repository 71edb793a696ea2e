/** Of patients that the linker has found for the subjects of a cohort the persons that the project sees. */
import { quote } from '#core/contract/table.ts'
import type { NamedSubject } from '#core/linkage/external.ts'
import { personOf } from '../population.ts'
import type { ProjectFile } from '../project-file.ts'
import type { Warehouse } from '../warehouse.ts'
import type { Candidate } from './decide.ts'

/**
 * @param work name of the work database, which is there and empty
 * @param persons by which links
 * @returns the subjects with the persons of their candidates
 */
export async function personsOfCandidates(
  warehouse: Warehouse,
  work: string,
  persons: ProjectFile['persons'],
  subjects: readonly NamedSubject[],
): Promise<readonly { readonly ticket: string; readonly candidates: readonly Candidate[] }[]> {
  const table = `${quote(work)}.candidate`
  const patients = new Set(subjects.flatMap(({ candidates }) => candidates.map(({ patient }) => patient)))
  await warehouse.command(`CREATE TABLE ${table} (patient_id String) ENGINE = MergeTree ORDER BY patient_id`)
  await warehouse.insert(table, ['patient_id'], Buffer.from([...patients].map((one) => `${one}\n`).join('')))
  const { person, joins } = personOf(warehouse, persons, `SELECT patient_id FROM ${table}`)
  const rows = await warehouse.rows<{ patient: string; person: string }>(
    `SELECT p.patient_id AS patient, ${person} AS person FROM ${table} AS p ${joins} SETTINGS join_use_nulls = 0`,
  )
  const found = new Map(rows.map(({ patient, person }) => [patient, person]))
  return subjects.map(({ ticket, candidates }) => ({
    ticket,
    candidates: candidates.flatMap(({ patient, weight, number }) => {
      const person = found.get(patient)
      return person === undefined ? [] : [{ person, weight, number }]
    }),
  }))
}
