/** A project's file: read strictly, every problem at once. What comes out needs no further check. */
import { LineCounter, parseDocument } from 'yaml'
import type { FeedContract } from '#core/contract/types.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { Problems, readBoolean, readDate, readInteger, readList, readObject, readSymbol, readText } from './checks.ts'
import { cohortQuery, conditionsSql, MAX_PARAMETER_BYTES, ParameterBag, parameterBytes } from './cohort.ts'
import { selectableColumns } from './columns.ts'
import { type Condition, readConditions } from './conditions.ts'
import { type Cohort, type ContractsByFeed, type Period, readCohort, readFeed } from './criteria.ts'
import {
  coveredColumns,
  DECISIONS,
  type Decisions,
  IDENTIFIER_NAMES,
  POTENTIAL_IDENTIFIERS,
} from './potential-identifiers.ts'

export interface ProjectTable {
  readonly feed: string
  readonly columns: readonly string[]
  readonly where: readonly Condition[]
  /** Every record of the persons, whatever its date: for demography, whose event time is that of its last change. */
  readonly wholeHistory: boolean
}

export interface ProjectFile {
  readonly id: string
  readonly title: string
  readonly purpose: string
  readonly contact: string
  readonly retentionUntil: string
  readonly period: Period
  readonly cohort: Cohort
  readonly tables: readonly ProjectTable[]
  readonly decisions: Decisions
  /** Fewer persons than this are not extracted. */
  readonly minCohort: number
}

/** Small cells: the threshold below which French health-data bodies publish nothing. */
export const DEFAULT_MIN_COHORT = 11
const PROJECT_ID = /^(?!.*__)[a-z][a-z0-9_]{1,40}$/

const REQUIRED = [
  'id',
  'title',
  'purpose',
  'contact',
  'retention_until',
  'period',
  'cohort',
  'tables',
  'potential_identifiers',
]

/**
 * @param text YAML 1.2
 * @param today `YYYY-MM-DD`: a project whose retention has ended is not built
 * @throws ConfigurationError that lists every problem with its place in the file
 */
export function parseProjectFile(text: string, contracts: readonly FeedContract[], today: string): ProjectFile {
  const problems = new Problems()
  const project = read(text, new Map(contracts.map((contract) => [contract.feed, contract])), today, problems)
  if (!project || problems.list.length > 0) throw new ConfigurationError('The project file is wrong', problems.list)
  return project
}

function read(text: string, contracts: ContractsByFeed, today: string, problems: Problems): ProjectFile | undefined {
  const raw = readYaml(text, problems)
  if (problems.list.length > 0) return undefined
  const given = readObject(raw, '', problems, { required: REQUIRED, optional: ['min_cohort'] })
  if (!given) return undefined
  const id = readText(given.id, 'id', problems)
  if (id !== undefined && !PROJECT_ID.test(id))
    problems.add('id', 'must be 2 to 41 lower-case letters, digits and single underscores, and begin with a letter')
  const title = readText(given.title, 'title', problems)
  const purpose = readText(given.purpose, 'purpose', problems, 4000)
  const contact = readText(given.contact, 'contact', problems)
  const retentionUntil = readDate(given.retention_until, 'retention_until', problems)
  if (retentionUntil !== undefined && retentionUntil < today)
    problems.add('retention_until', 'lies in the past: nothing may be extracted any more')
  const period = readPeriod(given.period, problems)
  const cohort = given.cohort === undefined ? undefined : readCohort(given.cohort, contracts, problems)
  const tables = readTables(given.tables, contracts, problems)
  const decisions = readDecisions(given.potential_identifiers, contracts, problems)
  const minCohort = readInteger(given.min_cohort, 'min_cohort', problems, 1, 1_000_000) ?? DEFAULT_MIN_COHORT
  if (!id || !title || !purpose || !contact || !retentionUntil || !period || !cohort || !decisions) return undefined
  if (problems.list.length === 0) checkSizes(cohort, tables, period, contracts, problems)
  return { id, title, purpose, contact, retentionUntil, period, cohort, tables, decisions, minCohort }
}

/** A filter that is too long to be sent is found here and not half-way through a build. */
function checkSizes(
  cohort: Cohort,
  tables: readonly ProjectTable[],
  period: Period,
  contracts: ContractsByFeed,
  problems: Problems,
): void {
  const advice = `too long together (at most ${MAX_PARAMETER_BYTES} bytes): name families of codes with starts_with`
  const sql = cohortQuery(cohort, { warehouse: '', source: '', contracts, period })
  if (parameterBytes(sql.parameters) > MAX_PARAMETER_BYTES) problems.add('cohort', `its values are ${advice}`)
  for (const [index, table] of tables.entries()) {
    const bag = new ParameterBag()
    conditionsSql(table.where, 'f.', bag)
    if (parameterBytes(bag.values) > MAX_PARAMETER_BYTES)
      problems.add(`tables[${index}].where`, `its values are ${advice}`)
  }
}

function readYaml(text: string, problems: Problems): unknown {
  const lines = new LineCounter()
  const document = parseDocument(text, { schema: 'core', lineCounter: lines, prettyErrors: false })
  // Only the kind of error: the parser's own text quotes the file.
  for (const error of document.errors)
    problems.add('', `line ${lines.linePos(error.pos[0]).line}: the YAML cannot be read (${error.code})`)
  if (problems.list.length > 0) return undefined
  try {
    return document.toJS({ maxAliasCount: 50 })
  } catch {
    return problems.add('', 'the YAML has too many aliases')
  }
}

function readPeriod(value: unknown, problems: Problems): Period | undefined {
  if (value === undefined) return undefined
  const given = readObject(value, 'period', problems, { required: ['from', 'to'] })
  const from = readDate(given?.from, 'period.from', problems)
  const to = readDate(given?.to, 'period.to', problems)
  if (!from || !to) return undefined
  if (from >= to) return problems.add('period', "'from' must be before 'to' ('to' is the first day that is out)")
  return { from, to }
}

function readTables(value: unknown, contracts: ContractsByFeed, problems: Problems): readonly ProjectTable[] {
  if (value === undefined) return []
  const seen = new Set<string>()
  return readList(value, 'tables', problems, { min: 1, max: 50 }).flatMap((item, index) => {
    const place = `tables[${index}]`
    const given = readObject(item, place, problems, {
      required: ['feed', 'columns'],
      optional: ['where', 'whole_history'],
    })
    if (!given) return []
    const contract = readFeed(given.feed, `${place}.feed`, contracts, problems)
    if (!contract) return []
    if (seen.has(contract.feed)) problems.add(`${place}.feed`, `'${contract.feed}' is listed twice`)
    seen.add(contract.feed)
    const columns = readColumns(given.columns, `${place}.columns`, contract, problems)
    const where = given.where === undefined ? [] : readConditions(given.where, `${place}.where`, contract, problems)
    const wholeHistory = readBoolean(given.whole_history, `${place}.whole_history`, problems, false)
    return [{ feed: contract.feed, columns, where, wholeHistory }]
  })
}

function readColumns(value: unknown, place: string, contract: FeedContract, problems: Problems): readonly string[] {
  if (value === undefined) return []
  const selectable = selectableColumns(contract)
  const columns = readList(value, place, problems, { min: 1, max: 500 }).flatMap(
    (item, index) => readSymbol(item, `${place}[${index}]`, problems, selectable) ?? [],
  )
  for (const name of new Set(columns.filter((column, index) => columns.indexOf(column) !== index)))
    problems.add(place, `'${name}' is listed twice`)
  return columns
}

/** All five are decided in every file, also those that no column of the project needs: silence is not a decision. */
function readDecisions(value: unknown, contracts: ContractsByFeed, problems: Problems): Decisions | undefined {
  if (value === undefined) return undefined
  const place = 'potential_identifiers'
  const given = readObject(value, place, problems, { required: [], optional: IDENTIFIER_NAMES })
  if (!given) return undefined
  const decisions: Partial<Record<(typeof IDENTIFIER_NAMES)[number], Decisions[keyof Decisions]>> = {}
  for (const name of IDENTIFIER_NAMES) {
    const covered = coveredColumns([...contracts.values()], name).join(', ')
    if (!Object.hasOwn(given, name)) {
      problems.add(
        place,
        `'${name}' is not decided (${POTENTIAL_IDENTIFIERS[name]}); it covers ${covered}: say ${DECISIONS.join(', ')}`,
      )
      continue
    }
    const decision = readSymbol(given[name], `${place}.${name}`, problems, DECISIONS)
    if (decision) decisions[name] = decision
  }
  return decisions as Decisions
}
