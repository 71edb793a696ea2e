/**
 * The cohort's filter as SQL. Identifiers come from the contracts and are quoted; every value of the project's file becomes a
 * query parameter of a stated type, so that no text of the file is ever part of the SQL.
 */
import { storedForm } from '#core/contract/actions.ts'
import { quote } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { subjectColumn } from './columns.ts'
import type { Condition, Scalar } from './conditions.ts'
import { type Cohort, type ContractsByFeed, type Criterion, demographic, type FilterNode } from './criteria.ts'
import type { Period } from './project-schema.ts'

export type Parameters = Record<string, Scalar | readonly Scalar[]>

export interface Sql {
  readonly query: string
  readonly parameters: Parameters
}

/** What the filter reads: the warehouse's database, and the table (patient_id, person_id) of all persons. */
export interface CohortSources {
  readonly warehouse: string
  /** Quoted name of the table of source patients and their persons. */
  readonly source: string
  readonly contracts: ContractsByFeed
  readonly period: Period
}

/** Collects the parameters of a statement and names them. */
export class ParameterBag {
  readonly values: Parameters = {}

  /** @returns the placeholder for the SQL */
  add(value: Scalar | readonly Scalar[], type: string): string {
    const name = `p${Object.keys(this.values).length}`
    this.values[name] = value
    return `{${name}:${type}}`
  }
}

/** Parameters are part of a request's address, whose length servers limit (16 KiB in Node, with the headers). */
export const MAX_PARAMETER_BYTES = 12_000

/** @returns the size of the parameters in a request's address, in bytes */
export function parameterBytes(parameters: Parameters): number {
  const encoded = Object.entries(parameters).map(
    ([name, value]) => `param_${name}=${encodeURIComponent(JSON.stringify(value))}&`,
  )
  return encoded.join('').length
}

/** @returns a SELECT of the source patients (patient_id, person_id, method, link_version) whose persons are in the cohort */
export function cohortQuery(cohort: Cohort, sources: CohortSources): Sql {
  const bag = new ParameterBag()
  const criteria = [...demographicCriteria(cohort, sources, bag), nodeSql(cohort.filter, sources, bag)]
  return {
    query: `SELECT patient_id, person_id, method, link_version FROM ${sources.source} WHERE ${criteria.join('\n  AND ')}`,
    parameters: bag.values,
  }
}

/** @returns SQL that is true for rows whose event time is in the period; never true where it is null */
export function periodSql(contract: FeedContract, period: Period, prefix: string, bag: ParameterBag): string {
  const field = contract.fields.find((candidate) => candidate.name === contract.eventTime)
  if (!field) throw new RangeError(`the feed ${contract.feed} has no event time`)
  const column = `${prefix}${quote(field.as)}`
  const bound = (day: string) =>
    field.kind === 'timestamp'
      ? `fromUnixTimestamp64Milli(${bag.add(Date.parse(`${day}T00:00:00Z`), 'Int64')}, 'UTC')`
      : `toDate32(${bag.add(day, 'String')})`
  return `ifNull(${column} >= ${bound(period.from)} AND ${column} < ${bound(period.to)}, 0)`
}

/** @returns SQL that is true for rows that meet every condition; a null meets only `is_null` */
export function conditionsSql(conditions: readonly Condition[], prefix: string, bag: ParameterBag): string {
  return conditions.length === 0
    ? '1'
    : conditions.map((condition) => conditionSql(condition, prefix, bag)).join(' AND ')
}

function nodeSql(node: FilterNode, sources: CohortSources, bag: ParameterBag): string {
  if (node.kind === 'criterion') return `person_id IN (${criterionSql(node, sources, bag)})`
  const criteria = [
    ...node.allOf.map((child) => nodeSql(child, sources, bag)),
    ...(node.anyOf.length > 0 ? [`(${node.anyOf.map((child) => nodeSql(child, sources, bag)).join('\n  OR ')})`] : []),
    ...node.noneOf.map((child) => `NOT ${nodeSql(child, sources, bag)}`),
  ]
  return criteria.length === 0 ? '1' : `(${criteria.join('\n  AND ')})`
}

/** Counts by source patient first, so that the join with the persons has one row for each patient instead of one for each record. */
function criterionSql(criterion: Criterion, sources: CohortSources, bag: ParameterBag): string {
  const contract = sources.contracts.get(criterion.feed)
  if (!contract) throw new RangeError(`there is no feed ${criterion.feed}`)
  const where = [conditionsSql(criterion.where, '', bag)]
  if (criterion.withinPeriod) where.push(periodSql(contract, sources.period, '', bag))
  return personsSql(contract, where.join(' AND '), criterion.atLeast, sources, bag)
}

function personsSql(
  contract: FeedContract,
  where: string,
  atLeast: number,
  sources: CohortSources,
  bag: ParameterBag,
): string {
  const subject = quote(subjectColumn(contract))
  const view = `${quote(sources.warehouse)}.${quote(contract.feed)}`
  const matched = `SELECT ${subject} AS patient, count() AS records FROM ${view} WHERE ${where} GROUP BY patient`
  return `SELECT s.person_id FROM (${matched}) AS m INNER JOIN ${sources.source} AS s ON s.patient_id = m.patient
    GROUP BY s.person_id HAVING sum(m.records) >= ${bag.add(atLeast, 'UInt64')}`
}

/** Hospitals may disagree on a person's sex or birth: one current patient record that fits is enough. */
function demographicCriteria(cohort: Cohort, sources: CohortSources, bag: ParameterBag): readonly string[] {
  const patient = sources.contracts.get('patient')
  const criteria: string[] = []
  const sex = demographic(sources.contracts, 'sex')
  const birth = demographic(sources.contracts, 'birth_date')
  const add = (where: string) => {
    if (patient) criteria.push(`person_id IN (${personsSql(patient, where, 1, sources, bag)})`)
  }
  if (cohort.sex && sex) add(`has(${bag.add(cohort.sex, 'Array(String)')}, ${quote(sex.as)})`)
  if (cohort.birthYear && birth) {
    const year = storedForm(birth)?.kind === 'integer' ? quote(birth.as) : `toYear(${quote(birth.as)})`
    const { from, to } = cohort.birthYear
    const bounds = [
      ...(from === undefined ? [] : [`${year} >= ${bag.add(from, 'Int32')}`]),
      ...(to === undefined ? [] : [`${year} <= ${bag.add(to, 'Int32')}`]),
    ]
    add(`ifNull(${bounds.join(' AND ')}, 0)`)
  }
  return criteria
}

function conditionSql(condition: Condition, prefix: string, bag: ParameterBag): string {
  const column = `${prefix}${quote(condition.column)}`
  const [first = ''] = condition.values
  switch (condition.operator) {
    case 'is_null':
      return `isNull(${column}) = ${first === true ? '1' : '0'}`
    case 'equals':
      return `ifNull(${column} = ${scalarSql(first, condition.kind, bag)}, 0)`
    case 'at_least':
      return `ifNull(${column} >= ${scalarSql(first, condition.kind, bag)}, 0)`
    case 'less_than':
      return `ifNull(${column} < ${scalarSql(first, condition.kind, bag)}, 0)`
    case 'in':
      if (condition.kind === 'string' || condition.kind === 'enum')
        return `ifNull(has(${bag.add(condition.values, 'Array(String)')}, ${column}), 0)`
      return `(${condition.values.map((value) => `ifNull(${column} = ${scalarSql(value, condition.kind, bag)}, 0)`).join(' OR ')})`
    case 'starts_with':
      return `arrayExists(start -> ifNull(startsWith(${column}, start), 0), ${bag.add(condition.values, 'Array(String)')})`
  }
}

function scalarSql(value: Scalar, kind: Condition['kind'], bag: ParameterBag): string {
  switch (kind) {
    case 'string':
    case 'enum':
      return bag.add(value, 'String')
    case 'boolean':
      return bag.add(value, 'Bool')
    case 'double':
      return bag.add(value, 'Float64')
    case 'integer':
    case 'long':
      return bag.add(value, 'Int64')
    case 'date':
      return `toDate32(${bag.add(value, 'String')})`
    case 'timestamp':
      return `fromUnixTimestamp64Milli(${bag.add(value, 'Int64')}, 'UTC')`
  }
}
