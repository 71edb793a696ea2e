/** The cohort's filter: criteria on feeds, combined by all_of, any_of and none_of. Declarative, so that it holds no SQL. */
import type { FeedContract } from '#core/contract/types.ts'
import { type Problems, readBoolean, readInteger, readList, readObject, readSymbol } from './checks.ts'
import { type Condition, readConditions } from './conditions.ts'

/** Persons with at least so many live records of a feed that meet every condition. */
export interface Criterion {
  readonly kind: 'criterion'
  readonly feed: string
  readonly where: readonly Condition[]
  readonly atLeast: number
  /** Only records of the project's period count. */
  readonly withinPeriod: boolean
}

/** A person is in when it is in all of `allOf`, in one of `anyOf` (when there are any) and in none of `noneOf`. */
export interface Group {
  readonly kind: 'group'
  readonly allOf: readonly FilterNode[]
  readonly anyOf: readonly FilterNode[]
  readonly noneOf: readonly FilterNode[]
}

export type FilterNode = Criterion | Group

export interface Cohort {
  readonly filter: Group
  /** Symbols of the patient feed's sex; undefined for all. */
  readonly sex?: readonly string[]
  /** Years, both included. */
  readonly birthYear?: { readonly from?: number; readonly to?: number }
}

export interface Period {
  /** First day, included. */
  readonly from: string
  /** First day that is out. */
  readonly to: string
}

export type ContractsByFeed = ReadonlyMap<string, FeedContract>

const COMBINATORS = ['all_of', 'any_of', 'none_of'] as const
const MAX_DEPTH = 4
const MAX_CRITERIA = 100

export function readCohort(value: unknown, contracts: ContractsByFeed, problems: Problems): Cohort | undefined {
  const given = readObject(value, 'cohort', problems, { required: [], optional: [...COMBINATORS, 'sex', 'birth_year'] })
  if (!given) return undefined
  if (Object.keys(given).length === 0) problems.add('cohort', 'is empty, which would take everybody: say who is in')
  const reader: Reader = { contracts, problems, count: 0 }
  const filter = readGroup(given, 'cohort', 1, reader)
  if (reader.count > MAX_CRITERIA) problems.add('cohort', `must have at most ${MAX_CRITERIA} criteria`)
  const sex = readSex(given.sex, contracts, problems)
  const birthYear = readBirthYear(given.birth_year, contracts, problems)
  return { filter, ...(sex && { sex }), ...(birthYear && { birthYear }) }
}

/** @returns every feed that the filter reads */
export function feedsOfCohort(cohort: Cohort): ReadonlySet<string> {
  const feeds = new Set<string>()
  const walk = (node: FilterNode): void => {
    if (node.kind === 'criterion') feeds.add(node.feed)
    else for (const child of [...node.allOf, ...node.anyOf, ...node.noneOf]) walk(child)
  }
  walk(cohort.filter)
  if (cohort.sex || cohort.birthYear) feeds.add('patient')
  return feeds
}

interface Reader {
  readonly contracts: ContractsByFeed
  readonly problems: Problems
  count: number
}

function readGroup(given: Readonly<Record<string, unknown>>, place: string, depth: number, reader: Reader): Group {
  const nodes = (key: (typeof COMBINATORS)[number]) =>
    readList(given[key], `${place}.${key}`, reader.problems, { min: 1, max: MAX_CRITERIA }).flatMap(
      (item, index) => readNode(item, `${place}.${key}[${index}]`, depth, reader) ?? [],
    )
  return { kind: 'group', allOf: nodes('all_of'), anyOf: nodes('any_of'), noneOf: nodes('none_of') }
}

function readNode(item: unknown, place: string, depth: number, reader: Reader): FilterNode | undefined {
  const { problems } = reader
  if (typeof item === 'object' && item !== null && COMBINATORS.some((key) => Object.hasOwn(item, key))) {
    if (depth >= MAX_DEPTH) return problems.add(place, `groups may be nested ${MAX_DEPTH} deep`)
    const given = readObject(item, place, problems, { required: [], optional: COMBINATORS })
    return given && readGroup(given, place, depth + 1, reader)
  }
  reader.count += 1
  const given = readObject(item, place, problems, {
    required: ['feed'],
    optional: ['where', 'at_least', 'within_period'],
  })
  if (!given) return undefined
  const contract = readFeed(given.feed, `${place}.feed`, reader.contracts, problems)
  const atLeast = readInteger(given.at_least, `${place}.at_least`, problems, 1, 1_000_000) ?? 1
  const withinPeriod = readBoolean(given.within_period, `${place}.within_period`, problems, true)
  if (!contract) return undefined
  const where = given.where === undefined ? [] : readConditions(given.where, `${place}.where`, contract, problems)
  return { kind: 'criterion', feed: contract.feed, where, atLeast, withinPeriod }
}

/** @returns the contract of the feed that the value names */
export function readFeed(
  value: unknown,
  place: string,
  contracts: ContractsByFeed,
  problems: Problems,
): FeedContract | undefined {
  if (value === undefined) return undefined
  const contract = typeof value === 'string' ? contracts.get(value) : undefined
  return contract ?? problems.add(place, `must be one of ${[...contracts.keys()].join(', ')}`)
}

function readSex(value: unknown, contracts: ContractsByFeed, problems: Problems): readonly string[] | undefined {
  if (value === undefined) return undefined
  const symbols = demographic(contracts, 'sex')?.symbols
  if (!symbols) return problems.add('cohort.sex', 'the contracts have no patient feed with a sex')
  return readList(value, 'cohort.sex', problems, { min: 1, max: symbols.length }).flatMap(
    (item, index) => readSymbol(item, `cohort.sex[${index}]`, problems, symbols) ?? [],
  )
}

function readBirthYear(
  value: unknown,
  contracts: ContractsByFeed,
  problems: Problems,
): Cohort['birthYear'] | undefined {
  if (value === undefined) return undefined
  if (!demographic(contracts, 'birth_date'))
    return problems.add('cohort.birth_year', 'the contracts have no patient feed with a birth month')
  const given = readObject(value, 'cohort.birth_year', problems, { required: [], optional: ['from', 'to'] })
  if (!given) return undefined
  const from = readInteger(given.from, 'cohort.birth_year.from', problems, 1850, 2200)
  const to = readInteger(given.to, 'cohort.birth_year.to', problems, 1850, 2200)
  if (from === undefined && to === undefined)
    return problems.add('cohort.birth_year', "needs 'from' or 'to' (years, both included)")
  if (from !== undefined && to !== undefined && from > to)
    problems.add('cohort.birth_year', "'from' must not be after 'to'")
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

/** @returns the surviving field of the patient feed that plays this part in linkage */
export function demographic(
  contracts: ContractsByFeed,
  role: 'sex' | 'birth_date',
): FeedContract['fields'][number] | undefined {
  return contracts
    .get('patient')
    ?.fields.find((field) => field.linkage === role && ['keep', 'truncate'].includes(field.privacy.action))
}
