/** Persons by the linker's model, for a project that declares `persons: scored`: how many are judged, and what has changed since its last run. */
import { join } from 'node:path'
import { quote } from '#core/contract/table.ts'
import { LINK_PROBABILITY } from '#core/linkage/persons.ts'
import { type Manifest, readManifest, type ScoredPersons } from './manifest.ts'
import type { Warehouse } from './warehouse.ts'

/** Before the method of the exact links: the linker has not judged the patient. */
export const NOT_JUDGED = 'exact:'

/** @returns the highest link version that the linker has told of; what it tells later is told of in the next run */
export async function toldUntil(warehouse: Warehouse): Promise<number> {
  const database = quote(warehouse.database)
  const [row] = await warehouse.rows<{ version: string }>(
    `SELECT toString(greatest((SELECT max(link_version) FROM ${database}.person_link_scored_current), (SELECT max(link_version) FROM ${database}.person_change))) AS version`,
  )
  return Number(row?.version ?? 0)
}

/**
 * @param tables quoted names: all patients of the feeds that the project reads, and its cohort
 * @param until what `toldUntil` returned before the patients were selected
 * @param earlier the run that this one replaces
 */
export async function scoredPersons(
  warehouse: Warehouse,
  tables: { readonly source: string; readonly cohort: string },
  until: number,
  earlier: { readonly run: string; readonly manifest: Manifest | undefined } | undefined,
): Promise<ScoredPersons> {
  const current = `${quote(warehouse.database)}.person_link_scored_current`
  const [counts] = await warehouse.rows<{ judged: string; left: string; several: string }>(
    `SELECT toString(countIf(NOT startsWith(method, '${NOT_JUDGED}'))) AS judged, toString(countIf(startsWith(method, '${NOT_JUDGED}'))) AS left,
       toString(countIf(patient_id IN (SELECT patient_id FROM ${current} WHERE persons > 1))) AS several FROM ${tables.cohort}`,
  )
  const models = await warehouse.rows<{ model: string }>(
    `SELECT DISTINCT toString(model) AS model FROM ${current} WHERE patient_id IN (SELECT patient_id FROM ${tables.cohort}) ORDER BY model`,
  )
  return {
    judged: Number(counts?.judged ?? 0),
    not_judged: Number(counts?.left ?? 0),
    of_several_persons: Number(counts?.several ?? 0),
    models: models.map(({ model }) => model),
    link_above_probability: LINK_PROBABILITY,
    told_until: until,
    ...(earlier && { since: await changesSince(warehouse, tables.source, earlier) }),
  }
}

async function changesSince(
  warehouse: Warehouse,
  source: string,
  { run, manifest }: { readonly run: string; readonly manifest: Manifest | undefined },
): Promise<NonNullable<ScoredPersons['since']>> {
  const before = manifest?.linkage.scored
  // Every person has another name then.
  if (!before) return { run, persons: 'exact', changes: [] }
  const rows = await warehouse.rows<{ kind: string; reason: string; records: string }>({
    query: `SELECT toString(kind) AS kind, toString(reason) AS reason, toString(uniqExact(record_id)) AS records
      FROM ${quote(warehouse.database)}.person_change
      WHERE link_version > {since:UInt64} AND patient_id IN (SELECT patient_id FROM ${source})
      GROUP BY kind, reason ORDER BY kind, reason`,
    parameters: { since: String(before.told_until) },
  })
  return { run, persons: 'scored', changes: rows.map((row) => ({ ...row, records: Number(row.records) })) }
}

/** @returns the run that is replaced; its manifest where it can be read */
export function earlierRun(projectDir: string, run: string | undefined): Parameters<typeof scoredPersons>[3] {
  if (run === undefined) return undefined
  const read = readManifest(join(projectDir, run))
  return { run, manifest: 'manifest' in read ? read.manifest : undefined }
}
