/** What a project loses until nobody stands in a small cell: steps in its order, then rows. Decided before anything is built. */
import { columnsOf, quote } from '#core/contract/table.ts'
import { type StepTaken, takeSteps } from '#core/policies/take-steps.ts'
import {
  byAllRows,
  type CellSource,
  cellSql,
  knownColumns,
  largeCellsSql,
  profileSql,
  smallPersonsSql,
  textOf,
} from './cells.ts'
import { ParameterBag } from './cohort.ts'
import type { ProjectFile } from './project-file.ts'
import type { SmallCellsPolicy } from './project-schema.ts'
import { lostBy, type Step } from './steps.ts'
import { planTable, type RowFilter, rowsSql, type TablePlan } from './table-build.ts'
import type { Warehouse } from './warehouse.ts'

export interface Measured {
  /** In a cell of fewer than k, by their profile and one row. */
  readonly persons: number
  /** In one by all rows together, which no step promises anything about. */
  readonly by_all_rows: number
}

export interface SmallCellsDecision {
  readonly policy: SmallCellsPolicy
  /** Persons with rows. */
  readonly persons: number
  readonly before: Measured
  readonly steps: readonly StepTaken<Step>[]
  /** After the steps; rows of these are left out, or the extraction is refused. */
  readonly left: number
  readonly isRefused: boolean
  /** Persons of whom nothing is left. */
  readonly suppressedPersons: number
  readonly plans: readonly TablePlan[]
  /** Quoted name of the cohort's table without them; it has `profile` too. */
  readonly cohort: string
  /** By feed, which rows are left; a table without one keeps all rows of the persons who are left. */
  readonly filters: ReadonlyMap<string, RowFilter>
}

/** @param cohort quoted name @param earlier steps that an earlier run took */
export async function decideOnSmallCells(
  space: Space,
  project: ProjectFile,
  policy: SmallCellsPolicy,
  plans: readonly TablePlan[],
  cohort: string,
  earlier: number,
): Promise<SmallCellsDecision> {
  await copyKnown(space, project, plans, policy, cohort)
  const planned = (steps: readonly Step[]) =>
    plans.map(({ contract, name, table }) => planTable(project, table, contract, lostBy(steps, name)))
  const sourcesOf = (some: readonly TablePlan[]) => copiedSources(some, space.work, policy)
  const made = new Map<number, Promise<string>>()
  const profiles = (steps: readonly Step[]) => {
    const table = made.get(steps.length) ?? space.make('profile', profileSql(sourcesOf(planned(steps))))
    made.set(steps.length, table)
    return table
  }
  const persons = await space.count(await profiles([]))
  const atMost = Math.floor((persons * (policy.suppress_up_to ?? 0)) / 100)
  const {
    before,
    left,
    taken: done,
  } = await takeSteps(policy.steps ?? [], earlier, atMost, async (steps) =>
    countSmall(space.warehouse, sourcesOf(planned(steps)), await profiles(steps), policy.k),
  )
  const taken = done.map(({ step }) => step)
  const final = planned(taken)
  const decided = {
    ...{ policy, persons, steps: done, left, isRefused: left > atMost, plans: final },
    before: { persons: before, by_all_rows: await countByAllRows(space, sourcesOf(plans), policy.k) },
  }
  if (left === 0 || left > atMost)
    return { ...decided, suppressedPersons: 0, cohort, filters: new Map<string, RowFilter>() }
  return { ...decided, ...(await suppress(space, final, sourcesOf(final), await profiles(taken), policy, cohort)) }
}

/** Tables of the work database, which is dropped at the end of the build. */
export class Space {
  readonly warehouse: Warehouse
  /** Quoted name of the database. */
  readonly work: string
  #made = 0

  constructor(warehouse: Warehouse, work: string) {
    this.warehouse = warehouse
    this.work = work
  }

  /** @returns quoted name of a table with the rows of the SELECT */
  async make(kind: string, select: string): Promise<string> {
    const name = `${this.work}.${quote(`${kind}_${++this.#made}`)}`
    await this.warehouse.command(`CREATE TABLE ${name} ENGINE = MergeTree ORDER BY tuple() AS ${select}`)
    return name
  }

  async count(table: string): Promise<number> {
    const [row] = await this.warehouse.rows<{ rows: string }>(`SELECT toString(count()) AS rows FROM ${table}`)
    return Number(row?.rows ?? 0)
  }
}

async function countSmall(
  warehouse: Warehouse,
  sources: readonly CellSource[],
  profiles: string,
  k: number,
): Promise<number> {
  const [row] = await warehouse.rows<{ persons: string }>(
    `SELECT toString(count()) AS persons FROM (${smallPersonsSql(sources, profiles, k)})`,
  )
  return Number(row?.persons ?? 0)
}

/** @returns persons whose rows, all together, fewer than k persons have */
async function countByAllRows(space: Space, sources: readonly CellSource[], k: number): Promise<number> {
  const all = byAllRows(sources)
  return countSmall(space.warehouse, [], await space.make('profile', profileSql(all)), k)
}

/** @returns both counts of tables */
export async function measureCells(space: Space, sources: readonly CellSource[], k: number): Promise<Measured> {
  const profiles = await space.make('profile', profileSql(sources))
  return {
    persons: await countSmall(space.warehouse, sources, profiles, k),
    by_all_rows: await countByAllRows(space, sources, k),
  }
}

const copyName = (work: string, { name }: TablePlan) => `${work}.${quote(`known_${name}`)}`

/** The views are read once: every count reads a copy of the known columns alone, with the warehouse's names and types. */
async function copyKnown(
  { warehouse, work }: Space,
  project: ProjectFile,
  plans: readonly TablePlan[],
  policy: SmallCellsPolicy,
  cohort: string,
): Promise<void> {
  for (const plan of plans) {
    const { event, own } = knownColumns(plan, policy.known)
    const sources = [...new Set([...own, ...event].map(({ source }) => source))]
    const types = new Map(columnsOf(plan.contract).map(({ name, type }) => [name, type]))
    const defined = sources.map((source) => `, ${quote(source)} ${types.get(source)}`).join('')
    const copy = copyName(work, plan)
    await warehouse.command(`CREATE TABLE ${copy} (person_id String${defined}) ENGINE = MergeTree ORDER BY tuple()`)
    const bag = new ParameterBag()
    const select = ['c.person_id', ...sources.map((source) => `f.${quote(source)}`)].join(', ')
    await warehouse.command({
      query: `INSERT INTO ${copy} SELECT ${select} FROM ${rowsSql(warehouse, plan, project, cohort, bag)}`,
      parameters: bag.values,
    })
  }
}

function copiedSources(plans: readonly TablePlan[], work: string, { known }: SmallCellsPolicy): readonly CellSource[] {
  return plans.map((plan) => {
    const { event, own } = knownColumns(plan, known)
    return {
      name: plan.name,
      // As the rows of the warehouse are called, so that the columns' own expressions fit.
      from: `${copyName(work, plan)} AS f`,
      own: own.map(({ expression }) => expression),
      event: event.map(({ expression }) => expression),
    }
  })
}

/**
 * Leaves out persons by whose profile, or a row beside it, few are known; again, until nobody is left who stands in a small cell then. Then rows of
 * the other tables. These are no part of a profile, so nobody else's cell becomes smaller.
 */
async function suppress(
  space: Space,
  plans: readonly TablePlan[],
  sources: readonly CellSource[],
  profiles: string,
  { k, known }: SmallCellsPolicy,
  cohort: string,
): Promise<Pick<SmallCellsDecision, 'suppressedPersons' | 'cohort' | 'filters'>> {
  const ofPersons = sources.filter(({ own }) => own.length > 0)
  let left = profiles
  for (;;) {
    const small = await space.make('small', smallPersonsSql(ofPersons, left, k))
    if ((await space.count(small)) === 0) break
    left = await space.make(
      'profile',
      `SELECT p.person_id AS person_id, p.profile AS profile FROM ${left} AS p LEFT JOIN ${small} AS s ON s.person_id = p.person_id WHERE s.person_id = ''`,
    )
  }
  const filters = new Map<string, RowFilter>()
  for (const source of sources.filter(({ own }) => own.length === 0)) {
    const cells = await space.make('large', largeCellsSql(source, left, k))
    const plan = plans.find(({ name }) => name === source.name)
    const event = plan ? knownColumns(plan, known).event.map(({ expression }) => expression) : []
    filters.set(source.name, { cells, cell: cellSql('c.profile', textOf(event)) })
  }
  return {
    suppressedPersons: (await space.count(profiles)) - (await space.count(left)),
    cohort: await space.make(
      'cohort',
      `SELECT c.patient_id AS patient_id, c.person_id AS person_id, c.method AS method, c.link_version AS link_version, p.profile AS profile FROM ${cohort} AS c INNER JOIN ${left} AS p ON p.person_id = c.person_id`,
    ),
    filters,
  }
}
