/** Compares a cohort by criteria with the warehouse: exact, in ClickHouse, with all criteria first, then without the least discriminating one. Node sees tickets, persons and counts. */
import { quote } from '#core/contract/table.ts'
import { subjectColumn } from '../columns.ts'
import type { ContractsByFeed } from '../criteria.ts'
import { makeSource } from '../population.ts'
import type { ProjectFile } from '../project-file.ts'
import type { Warehouse } from '../warehouse.ts'
import type { Criterion } from './criteria.ts'
import {
  type Decided,
  decideStep,
  expectedByChance,
  falseMatchProbability,
  type Linked,
  type StepRow,
  type Unlinked,
} from './decide.ts'
import { informationOf, stepsOf } from './dropping.ts'

export interface TicketedCriteria {
  readonly ticket: string
  /** As in read-criteria.ts. */
  readonly values: readonly (readonly string[])[]
}

/** What became of a step; counts are exact, and masked before they are shown. */
export interface StepOutcome {
  readonly criteria: readonly string[]
  /** What the criteria tell of a person. */
  readonly bits: number
  readonly linked: number
  readonly multiple: number
  readonly none: number
  readonly expectedFalse: number
  /** It was left out, because so many pairs would agree by chance. */
  readonly skipped: boolean
}

export interface IndirectOutcome extends Decided {
  readonly steps: readonly StepOutcome[]
  /** Of the warehouse, with a record in one of the feeds. */
  readonly persons: number
}

export interface IndirectContext {
  readonly warehouse: Warehouse
  readonly contracts: ContractsByFeed
  /** By which links. */
  readonly persons: ProjectFile['persons']
  /** Name of the work database, which is there and empty. */
  readonly work: string
  readonly progress: (step: string) => void
  readonly signal: AbortSignal
}

/** More pairs than these by chance say that the criteria that are left tell nothing: the step would cost hours, and link nobody. */
const MOST_PAIRS = 50_000_000
/** A share of the subjects who are in the warehouse is believed between these. */
const SHARE = { least: 0.05, most: 0.95 } as const
const NULL = '\\N'

/** @throws ChainonError when ClickHouse fails; what `signal` throws */
export async function linkIndirectly(
  context: IndirectContext,
  criteria: readonly Criterion[],
  subjects: readonly TicketedCriteria[],
  atLeast: number,
): Promise<IndirectOutcome> {
  const { progress, signal } = context
  const space = new Space(context, criteria)
  progress('criteria: copying the compared columns')
  const persons = await space.prepare(subjects)
  const known = new Map<string, Promise<number>>()
  const agreement = (own: readonly Criterion[]): Promise<number> => {
    const key = own.map(({ name }) => name).join()
    const asked = known.get(key) ?? space.agreement(own, persons)
    known.set(key, asked)
    return asked
  }
  const steps: StepOutcome[] = []
  const linked: Linked[] = []
  let multiple: ReadonlySet<string> = new Set()
  for (const own of await stepsOf(criteria, atLeast, agreement)) {
    signal.throwIfAborted()
    const names = own.map(({ name }) => name)
    progress(`step ${steps.length + 1}: ${names.join(', ')}`)
    const bits = await informationOf(own, agreement)
    const left = subjects.length - linked.length
    if (left * persons * 2 ** -bits > MOST_PAIRS) {
      steps.push({ criteria: names, bits, linked: 0, multiple: 0, none: left, expectedFalse: 0, skipped: true })
      break
    }
    const rows = await space.step(own)
    const found = decideStep(rows, new Set(linked.map(({ person }) => person)))
    const counts = await space.countsByFeed(own, [...found.linked.keys()])
    const share = shareOf(linked.length + found.linked.size, subjects.length)
    let expectedFalse = 0
    for (const [ticket, person] of found.linked) {
      const wrong = falseMatchProbability(expectedByChance(persons, counts.get(ticket) ?? []), share)
      expectedFalse += wrong
      linked.push({ ticket, person, pass: names.join(', '), probability: 1 - wrong })
    }
    await space.markLinked([...found.linked.keys()])
    multiple = found.multiple
    const none = left - found.linked.size - multiple.size
    steps.push({
      criteria: names,
      bits,
      linked: found.linked.size,
      multiple: multiple.size,
      none,
      expectedFalse,
      skipped: false,
    })
  }
  const done = new Set(linked.map(({ ticket }) => ticket))
  const unlinked = new Map<string, Unlinked>(
    subjects.flatMap(({ ticket }) =>
      done.has(ticket) ? [] : [[ticket, multiple.has(ticket) ? 'multiple' : 'none'] as const],
    ),
  )
  return { linked, unlinked, steps, persons }
}

function shareOf(linked: number, subjects: number): number {
  return Math.min(SHARE.most, Math.max(SHARE.least, linked / subjects))
}

/** The tables of a run, in the work database: a narrow copy of the compared columns, the values of the cohort, tickets that are linked. */
class Space {
  readonly #context: IndirectContext
  readonly #criteria: readonly Criterion[]
  readonly #feeds: readonly string[]

  constructor(context: IndirectContext, criteria: readonly Criterion[]) {
    this.#context = context
    this.#criteria = criteria
    this.#feeds = [...new Set(criteria.map(({ feed }) => feed))]
  }

  /** @returns how many persons the warehouse has with a record in one of the feeds */
  async prepare(subjects: readonly TicketedCriteria[]): Promise<number> {
    const { warehouse, contracts, persons, work } = this.#context
    const source = await makeSource(warehouse, { contracts, feeds: this.#feeds, persons }, work)
    for (const feed of this.#feeds) {
      const contract = contracts.get(feed)
      if (!contract) throw new RangeError(`there is no feed ${feed}`)
      const own = this.#of(feed)
      const columns = own.map((criterion) => `${this.#column(criterion)} Nullable(String)`).join(', ')
      await warehouse.command(
        `CREATE TABLE ${this.#facts(feed)} (person_id String, ${columns}) ENGINE = MergeTree ORDER BY person_id`,
      )
      await warehouse.command(`INSERT INTO ${this.#facts(feed)}
        SELECT DISTINCT s.person_id, ${own.map(({ expression }) => expression).join(', ')}
        FROM ${quote(warehouse.database)}.${quote(feed)} AS f INNER JOIN ${source} AS s ON s.patient_id = f.${quote(subjectColumn(contract))}`)
      await warehouse.command(
        `CREATE TABLE ${this.#wanted(feed)} (ticket String, item UInt32, items UInt32, ${columns}) ENGINE = MergeTree ORDER BY ticket`,
      )
      const names = ['ticket', 'item', 'items', ...own.map((criterion) => this.#column(criterion))]
      const lines = subjects.flatMap(({ ticket, values }) => this.#wantedRows(feed, ticket, values))
      await warehouse.insert(this.#wanted(feed), names, Buffer.from(lines.join('')))
    }
    await warehouse.command(`CREATE TABLE ${this.#linked} (ticket String) ENGINE = MergeTree ORDER BY ticket`)
    const [row] = await warehouse.rows<{ persons: string }>(
      `SELECT toString(uniqExact(person_id)) AS persons FROM ${source}`,
    )
    return Math.max(1, Number(row?.persons ?? 0))
  }

  /** The probability that a person has the values that one of another person's records has. */
  async agreement(criteria: readonly Criterion[], persons: number): Promise<number> {
    const columns = criteria.map((criterion) => this.#column(criterion))
    const [row] = await this.#context.warehouse.rows<{ squares: number; total: number }>(
      `SELECT sum(toFloat64(n) * n) AS squares, sum(toFloat64(n)) AS total FROM (
         SELECT uniqExact(person_id) AS n FROM ${this.#facts(criteria[0]?.feed ?? '')}
         WHERE ${columns.map((column) => `isNotNull(${column})`).join(' AND ')} GROUP BY ${columns.join(', ')})`,
    )
    const total = Number(row?.total ?? 0)
    return total === 0 ? 1 / persons : Math.min(1, Number(row?.squares) / (persons * total))
  }

  /** @returns of each subject that is not linked and has a person with all of the criteria: how many, one of them, and how many subjects have it */
  async step(criteria: readonly Criterion[]): Promise<readonly StepRow[]> {
    const rows = await this.#context.warehouse.rows<{
      ticket: string
      persons: string
      person: string
      claims: string
    }>(
      `SELECT ticket, toString(count()) AS persons, any(person_id) AS person, toString(max(n)) AS claims
       FROM (SELECT ticket, person_id, count() OVER (PARTITION BY person_id) AS n FROM (${this.#pairs(criteria)}) WHERE ticket NOT IN (SELECT ticket FROM ${this.#linked}))
       GROUP BY ticket`,
    )
    return rows.map((row) => ({ ...row, persons: Number(row.persons), claims: Number(row.claims) }))
  }

  /** @returns of each of the tickets how many persons have its values, by feed */
  async countsByFeed(
    criteria: readonly Criterion[],
    tickets: readonly string[],
  ): Promise<ReadonlyMap<string, readonly number[]>> {
    const wanted = new Set(tickets)
    const found = new Map<string, number[]>()
    for (const own of Map.groupBy(criteria, ({ feed }) => feed).values()) {
      const rows = await this.#context.warehouse.rows<{ ticket: string; n: string }>(
        `SELECT ticket, toString(count()) AS n FROM (${this.#pairsOfFeed(own)}) WHERE ticket NOT IN (SELECT ticket FROM ${this.#linked}) GROUP BY ticket`,
      )
      for (const { ticket, n } of rows)
        if (wanted.has(ticket)) found.set(ticket, [...(found.get(ticket) ?? []), Number(n)])
    }
    return found
  }

  async markLinked(tickets: readonly string[]): Promise<void> {
    if (tickets.length > 0)
      await this.#context.warehouse.insert(
        this.#linked,
        ['ticket'],
        Buffer.from(tickets.map((one) => `${one}\n`).join('')),
      )
  }

  #pairs(criteria: readonly Criterion[]): string {
    const [first, ...others] = [...Map.groupBy(criteria, ({ feed }) => feed).values()].map((own) =>
      this.#pairsOfFeed(own),
    )
    const joins = others.map(
      (one, at) =>
        `INNER JOIN (${one}) AS p${at + 1} ON p${at + 1}.ticket = p0.ticket AND p${at + 1}.person_id = p0.person_id`,
    )
    return `SELECT p0.ticket AS ticket, p0.person_id AS person_id FROM (${first}) AS p0 ${joins.join(' ')}`
  }

  /** Criteria of one feed are of one record; of several values each is of one. A null agrees with nothing. */
  #pairsOfFeed(criteria: readonly Criterion[]): string {
    const feed = criteria[0]?.feed ?? ''
    const on = criteria.map((criterion) => `w.${this.#column(criterion)} = f.${this.#column(criterion)}`).join(' AND ')
    return `SELECT ticket, person_id FROM (
      SELECT w.ticket AS ticket, f.person_id AS person_id, uniqExact(w.item) AS agreeing, any(w.items) AS items
      FROM ${this.#wanted(feed)} AS w INNER JOIN ${this.#facts(feed)} AS f ON ${on} GROUP BY w.ticket, f.person_id) WHERE agreeing = items`
  }

  #wantedRows(feed: string, ticket: string, values: TicketedCriteria['values']): readonly string[] {
    const own = this.#of(feed).map((criterion) => values[this.#criteria.indexOf(criterion)] ?? [])
    const items = Math.max(1, ...own.map(({ length }) => length))
    return Array.from({ length: items }, (_, item) => {
      const cells = own.map((cell) => cell[cell.length > 1 ? item : 0])
      return `${[ticket, item, items, ...cells.map((cell) => (cell === undefined ? NULL : escaped(cell)))].join('\t')}\n`
    })
  }

  #of(feed: string): readonly Criterion[] {
    return this.#criteria.filter((criterion) => criterion.feed === feed)
  }

  #column(criterion: Criterion): string {
    return `c${this.#criteria.indexOf(criterion)}`
  }

  #facts(feed: string): string {
    return `${quote(this.#context.work)}.${quote(`facts_${feed}`)}`
  }

  #wanted(feed: string): string {
    return `${quote(this.#context.work)}.${quote(`wanted_${feed}`)}`
  }

  get #linked(): string {
    return `${quote(this.#context.work)}.linked`
  }
}

/** As TabSeparated has it. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
}
