/** The table of source patients and their persons, and the cohort that the filter selects from it. */
import { quote } from '#core/contract/table.ts'
import { cohortQuery } from './cohort.ts'
import { subjectColumn } from './columns.ts'
import { type ContractsByFeed, feedsOfCohort } from './criteria.ts'
import type { Linkage } from './manifest.ts'
import type { ProjectFile } from './project-file.ts'
import { NOT_JUDGED } from './scored-persons.ts'
import type { Warehouse } from './warehouse.ts'

/**
 * Makes the tables `source` and `cohort` in the work database.
 *
 * They have only patients with a current record in a feed that the project reads: a patient whose records are all cancelled is in
 * no view. A patient without a link is a person of its own, with the `person_id` that linkage would give it. With the persons of the linker's model, a
 * patient of whom the linker has no record is of the person of the exact links.
 * @returns quoted names of the two
 */
export async function selectPopulation(
  warehouse: Warehouse,
  project: ProjectFile,
  contracts: ContractsByFeed,
  work: string,
): Promise<{ readonly source: string; readonly cohort: string }> {
  const cohort = `${quote(work)}.cohort`
  const feeds = [
    ...new Set([...feedsOfCohort(project.cohort), ...project.tables.map((table) => table.feed)]),
  ].toSorted()
  const source = await makeSource(warehouse, { contracts, feeds, persons: project.persons }, work)
  await warehouse.command(`CREATE TABLE ${cohort} (patient_id String, person_id String, method LowCardinality(String), link_version UInt64)
    ENGINE = MergeTree ORDER BY patient_id`)
  const filter = cohortQuery(project.cohort, {
    warehouse: warehouse.database,
    source,
    contracts,
    period: project.period,
  })
  await warehouse.command({ query: `INSERT INTO ${cohort} ${filter.query}`, parameters: filter.parameters })
  return { source, cohort }
}

/**
 * Makes the table `source`: of each patient with a current record in one of the feeds the person.
 *
 * @returns its quoted name
 */
export async function makeSource(
  warehouse: Warehouse,
  of: {
    readonly contracts: ContractsByFeed
    readonly feeds: readonly string[]
    readonly persons: ProjectFile['persons']
  },
  work: string,
): Promise<string> {
  const database = quote(warehouse.database)
  const source = `${quote(work)}.source`
  const everyone = of.feeds
    .flatMap((feed) => of.contracts.get(feed) ?? [])
    .map(
      (contract) =>
        `SELECT DISTINCT ${quote(subjectColumn(contract))} AS patient_id FROM ${database}.${quote(contract.feed)}`,
    )
  await warehouse.command(`CREATE TABLE ${source} (patient_id String, person_id String, method LowCardinality(String), link_version UInt64)
    ENGINE = MergeTree ORDER BY patient_id`)
  const { person, method, version, joins } = personOf(warehouse, of.persons)
  await warehouse.command(`INSERT INTO ${source}
    SELECT p.patient_id, ${person}, ${method}, ${version}
    FROM (SELECT DISTINCT patient_id FROM (${everyone.join(' UNION ALL ')})) AS p
    ${joins}
    SETTINGS join_use_nulls = 0`)
  return source
}

/**
 * How the person of a patient is found, by the links that the project has chosen.
 *
 * @param among a subquery of the patients that are asked for; all when absent
 * @returns expressions, and the joins that they need after a table `p` with a `patient_id`, with `join_use_nulls = 0`
 */
export function personOf(
  warehouse: Warehouse,
  persons: ProjectFile['persons'],
  among?: string,
): { readonly person: string; readonly method: string; readonly version: string; readonly joins: string } {
  const joined = (view: string, name: string) =>
    `LEFT JOIN (SELECT patient_id, person_id, toString(method) AS method, link_version FROM ${quote(warehouse.database)}.${view}
       ${among === undefined ? '' : `WHERE patient_id IN (${among})`}) AS ${name} ON ${name}.patient_id = p.patient_id`
  const exact = {
    person: "if(l.person_id = '', concat('pn_', substring(p.patient_id, 4)), l.person_id)",
    method: "if(l.method = '', 'none', l.method)",
    version: 'l.link_version',
    joins: joined('person_link_current', 'l'),
  }
  if (persons === 'exact') return exact
  // The names of both kinds of persons are pseudonyms of two domains, of patients and of records: no name is of both.
  return {
    person: `if(s.person_id = '', ${exact.person}, s.person_id)`,
    method: `if(s.person_id = '', concat('${NOT_JUDGED}', ${exact.method}), s.method)`,
    version: 's.link_version',
    joins: `${exact.joins}\n    ${joined('person_link_scored_current', 's')}`,
  }
}

/** @param cohort quoted name of the cohort's table */
export async function linkageOf(warehouse: Warehouse, cohort: string): Promise<Linkage> {
  const [sizes] = await warehouse.rows<{ patients: string; persons: string; several: string; version: string }>(
    `SELECT toString(sum(n)) AS patients, toString(count()) AS persons, toString(countIf(n > 1)) AS several, toString(max(v)) AS version
     FROM (SELECT person_id, count() AS n, max(link_version) AS v FROM ${cohort} GROUP BY person_id)`,
  )
  const methods = await warehouse.rows<{ method: string; patients: string }>(
    `SELECT toString(method) AS method, toString(count()) AS patients FROM ${cohort} GROUP BY method ORDER BY method`,
  )
  return {
    source_patients: Number(sizes?.patients ?? 0),
    persons: Number(sizes?.persons ?? 0),
    persons_with_several_sources: Number(sizes?.several ?? 0),
    source_patients_by_method: Object.fromEntries(methods.map(({ method, patients }) => [method, Number(patients)])),
    highest_link_version: Number(sizes?.version ?? 0),
  }
}
