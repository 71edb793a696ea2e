/** A project's file: read strictly, with all problems at once. The result needs no further check. */
import { readFileSync, statSync } from 'node:fs'
import Type from 'typebox'
import {
  coveredColumns,
  type Decisions,
  decisionsOn,
  IDENTIFIER_NAMES,
  POTENTIAL_IDENTIFIERS,
} from '#core/contract/potential-identifiers.ts'
import type { Shift } from '#core/contract/schema.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { completeKeys, readCompleteKeys } from '#core/schema/complete.ts'
import { Place } from '#core/schema/place.ts'
import { read } from '#core/schema/read.ts'
import { readYaml } from '#core/schema/read-yaml.ts'
import { isObject } from '#core/schema/variants.ts'
import { cohortQuery, conditionsSql, MAX_PARAMETER_BYTES, ParameterBag, parameterBytes } from './cohort.ts'
import { selectableColumns } from './columns.ts'
import { type Condition, readConditions } from './conditions.ts'
import { type Cohort, type ContractsByFeed, readCohort, readFeed } from './criteria.ts'
import { type ExternalLinkagePlan, readExternalLinkage } from './external/criteria.ts'
import { Identifiers, type Period, Project, type SmallCellsPolicy, Table } from './project-schema.ts'
import { checkSteps } from './steps.ts'

export interface ProjectTable {
  readonly feed: string
  readonly columns: readonly string[]
  readonly where: readonly Condition[]
  /** Every record of the persons, also outside the period: for demography, whose event time is the last change of the identity. */
  readonly wholeHistory: boolean
}

export interface ProjectFile extends Pick<Project, 'id' | 'title' | 'purpose' | 'contact' | 'period'> {
  readonly retentionUntil: string
  readonly cohort: Cohort
  readonly tables: readonly ProjectTable[]
  readonly decisions: Decisions
  /** How far dates are moved; absent where no decision is `shift`. */
  readonly dateShift?: Shift
  /** A cohort with fewer persons is not extracted. */
  readonly minCohort: number
  /** Absent: small cells are counted, and nothing is decided on them. */
  readonly smallCells?: SmallCellsPolicy
  readonly persons: 'exact' | 'scored'
  /** Absent: no cohort of the project's own may be linked. */
  readonly externalLinkage?: ExternalLinkagePlan
}

/** Small cells: the threshold below which French health-data bodies publish nothing. */
export const DEFAULT_MIN_COHORT = 11
const MAX_PROJECT_FILE_BYTES = 1024 * 1024

/** @returns the text @throws ConfigurationError when it cannot be read, is no UTF-8, or is larger than 1 MiB */
export function readProjectFile(path: string): string {
  try {
    if (statSync(path).size > MAX_PROJECT_FILE_BYTES)
      throw new ConfigurationError('The project file cannot be read', [`${path} is larger than 1 MiB`])
    return new TextDecoder('utf8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const reason = error instanceof TypeError && !('syscall' in error) ? 'is not UTF-8' : errorCode(error)
    throw new ConfigurationError('The project file cannot be read', [`${path}: ${reason}`])
  }
}

/**
 * @param text YAML 1.2
 * @param today `YYYY-MM-DD`: a project whose retention has ended is not built
 * @throws ConfigurationError that lists every problem with its place in the file
 */
export function parseProjectFile(text: string, contracts: readonly FeedContract[], today: string): ProjectFile {
  const file = new Place([])
  const raw = readYaml(text, file)
  const byFeed = new Map(contracts.map((contract) => [contract.feed, contract]))
  const project = file.problems.length === 0 ? readProject(raw, byFeed, today, file) : undefined
  if (!project || file.problems.length > 0) throw new ConfigurationError('The project file is wrong', file.problems)
  return project
}

function readProject(raw: unknown, contracts: ContractsByFeed, today: string, file: Place): ProjectFile | undefined {
  const project = read(Project, raw, file)
  const given = completeKeys(Project, project.partial)
  if (given.retention_until !== undefined && given.retention_until < today)
    file.key('retention_until').say('is in the past: the project must not be extracted any more')
  const cohort = given.cohort === undefined ? undefined : readCohort(given.cohort, contracts, file.key('cohort'))
  const tables = readTables(given.tables ?? [], contracts, file.key('tables'))
  const identifiers = given.potential_identifiers
  const decisions =
    identifiers === undefined ? undefined : readDecisions(identifiers, contracts, file.key('potential_identifiers'))
  if (!project.complete || !cohort || !decisions || file.problems.length > 0) return undefined
  const { id, title, purpose, contact, period, retention_until: retentionUntil, min_cohort } = project.complete
  const { date_shift: dateShift } = project.complete
  const isShifted = Object.values(decisions).includes('shift')
  if (isShifted && !dateShift) file.say("a decision is 'shift': it needs 'date_shift' with 'within', a number of days")
  if (!isShifted && dateShift) file.key('date_shift').say("is there, and no decision is 'shift'")
  const { small_cells: smallCells } = project.complete
  if (smallCells) checkSteps(smallCells, tables, decisions, contracts, file.key('small_cells'))
  const { external_linkage: written } = project.complete
  const externalLinkage = written && readExternalLinkage(written, contracts, file.key('external_linkage'))
  checkSizes(cohort, tables, period, contracts, file)
  const minCohort = min_cohort ?? DEFAULT_MIN_COHORT
  return {
    ...{ id, title, purpose, contact, period, retentionUntil, cohort, tables, decisions, minCohort },
    ...(dateShift && { dateShift }),
    ...(smallCells && { smallCells }),
    persons: project.complete.persons ?? 'exact',
    ...(externalLinkage && { externalLinkage }),
  }
}

/** A filter that is too long to be sent is found here, before the build. */
function checkSizes(
  cohort: Cohort,
  tables: readonly ProjectTable[],
  period: Period,
  contracts: ContractsByFeed,
  file: Place,
): void {
  const advice = `too long together (at most ${MAX_PARAMETER_BYTES} bytes): name families of codes with starts_with`
  const sql = cohortQuery(cohort, { warehouse: '', source: '', contracts, period })
  if (parameterBytes(sql.parameters) > MAX_PARAMETER_BYTES) file.key('cohort').say(`its values are ${advice}`)
  for (const [index, table] of tables.entries()) {
    const bag = new ParameterBag()
    conditionsSql(table.where, 'f.', bag)
    if (parameterBytes(bag.values) > MAX_PARAMETER_BYTES)
      file.key('tables').item(index).key('where').say(`its values are ${advice}`)
  }
}

function readTables(list: readonly unknown[], contracts: ContractsByFeed, place: Place): readonly ProjectTable[] {
  const seen = new Set<string>()
  return list.flatMap((item, index) => {
    const at = place.item(index)
    const given = readCompleteKeys(Table, item, at)
    const contract = readFeed(given.feed, contracts, at.key('feed'))
    if (!contract) return []
    if (seen.has(contract.feed)) at.key('feed').say(`'${contract.feed}' is listed twice`)
    seen.add(contract.feed)
    const columns = given.columns === undefined ? [] : readColumns(given.columns, contract, at.key('columns'))
    const where = readConditions(given.where ?? [], contract, at.key('where'))
    return [{ feed: contract.feed, columns, where, wholeHistory: given.whole_history ?? false }]
  })
}

function readColumns(value: unknown, contract: FeedContract, place: Place): readonly string[] {
  const column = Type.Enum([...selectableColumns(contract)])
  const { partial, complete } = read(Type.Array(column, { minItems: 1, maxItems: 500 }), value, place)
  const names: readonly unknown[] = Array.isArray(partial) ? partial : []
  for (const name of new Set(names.filter((one, index) => one !== undefined && names.indexOf(one) !== index)))
    place.say(`'${String(name)}' is listed twice`)
  return complete ?? []
}

/** Every file decides on all five, also those that no column of the project needs: a missing key is not a decision. */
function readDecisions(value: unknown, contracts: ContractsByFeed, place: Place): Decisions | undefined {
  const given = readCompleteKeys(Identifiers, value, place)
  if (!isObject(value)) return undefined
  for (const name of IDENTIFIER_NAMES.filter((one) => !Object.hasOwn(value, one))) {
    const covered = coveredColumns([...contracts.values()], name).join(', ')
    place.say(
      `'${name}' is not decided (${POTENTIAL_IDENTIFIERS[name]}); it covers ${covered}: write ${decisionsOn(name).join(', ')}`,
    )
  }
  const decided = IDENTIFIER_NAMES.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]] as const]))
  return decided.length === IDENTIFIER_NAMES.length ? (Object.fromEntries(decided) as Decisions) : undefined
}
