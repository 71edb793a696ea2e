/** The cohort's filter: criteria on feeds, combined by all_of, any_of and none_of. It contains no SQL. */
import Type from 'typebox'
import { isReadable, storedForm } from '#core/contract/actions.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { type CompleteKeys, readCompleteKeys } from '#core/schema/complete.ts'
import type { Place } from '#core/schema/place.ts'
import { read } from '#core/schema/read.ts'
import { isObject } from '#core/schema/variants.ts'
import type { Written } from '#core/schema/written.ts'
import { type Condition, readConditions } from './conditions.ts'
import { type BirthYear, CohortFilter, CriterionOnFeed, GroupOfCriteria, MAX_CRITERIA } from './project-schema.ts'

/** Persons with at least `atLeast` current records of a feed that meet every condition. */
export interface Criterion {
  readonly kind: 'criterion'
  readonly feed: string
  readonly where: readonly Condition[]
  readonly atLeast: number
  /** Only records of the project's period count. */
  readonly withinPeriod: boolean
}

/** A person is selected when it is in all of `allOf`, in one of `anyOf` (when there are any) and in none of `noneOf`. */
interface Group {
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
  readonly birthYear?: Written<typeof BirthYear>
}

export type ContractsByFeed = ReadonlyMap<string, FeedContract>

const MAX_DEPTH = 4

export function readCohort(value: unknown, contracts: ContractsByFeed, place: Place): Cohort {
  const given = readCompleteKeys(CohortFilter, value, place)
  if (isObject(value) && Object.keys(value).length === 0)
    place.say('is empty, which would select everyone: add criteria')
  const reader: Reader = { contracts, count: 0 }
  const filter = readGroup(given, place, 1, reader)
  if (reader.count > MAX_CRITERIA) place.say(`must have at most ${MAX_CRITERIA} criteria`)
  const sex = given.sex === undefined ? undefined : readSex(given.sex, contracts, place.key('sex'))
  if (given.birth_year && !demographic(contracts, 'birth_date'))
    place.key('birth_year').say('the contracts have no patient feed with a birth month')
  return { filter, ...(sex && { sex }), ...(given.birth_year && { birthYear: given.birth_year }) }
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
  count: number
}

type Elements = CompleteKeys<(typeof GroupOfCriteria)['properties']>

function readGroup(given: Elements, place: Place, depth: number, reader: Reader): Group {
  const nodes = (key: keyof Elements) =>
    (given[key] ?? []).flatMap((item, index) => readNode(item, place.key(key).item(index), depth, reader) ?? [])
  return { kind: 'group', allOf: nodes('all_of'), anyOf: nodes('any_of'), noneOf: nodes('none_of') }
}

function readNode(item: unknown, place: Place, depth: number, reader: Reader): FilterNode | undefined {
  if (isObject(item) && Object.keys(GroupOfCriteria.properties).some((key) => Object.hasOwn(item, key))) {
    if (depth >= MAX_DEPTH) return place.say(`groups may be nested ${MAX_DEPTH} deep`)
    return readGroup(readCompleteKeys(GroupOfCriteria, item, place), place, depth + 1, reader)
  }
  reader.count += 1
  const given = readCompleteKeys(CriterionOnFeed, item, place)
  const contract = readFeed(given.feed, reader.contracts, place.key('feed'))
  if (!contract) return undefined
  return {
    kind: 'criterion',
    feed: contract.feed,
    where: readConditions(given.where ?? [], contract, place.key('where')),
    atLeast: given.at_least ?? 1,
    withinPeriod: given.within_period ?? true,
  }
}

/** @returns the contract of the feed that the value names; undefined, and a problem, when there is none */
export function readFeed(value: unknown, contracts: ContractsByFeed, place: Place): FeedContract | undefined {
  if (value === undefined) return undefined
  const feed = read(Type.Enum([...contracts.keys()]), value, place).complete
  return feed === undefined ? undefined : contracts.get(feed)
}

function readSex(value: unknown, contracts: ContractsByFeed, place: Place): readonly string[] | undefined {
  const symbols = demographic(contracts, 'sex')?.symbols
  if (!symbols) return place.say('the contracts have no patient feed with a sex')
  return read(Type.Array(Type.Enum([...symbols]), { minItems: 1, maxItems: symbols.length }), value, place).complete
}

/** @returns the field of the patient feed with this role in linkage, when a filter may read its pseudonymised form: an age band is no year */
export function demographic(
  contracts: ContractsByFeed,
  role: 'sex' | 'birth_date',
): FeedContract['fields'][number] | undefined {
  return contracts
    .get('patient')
    ?.fields.find((field) => field.linkage === role && isReadable(field) && storedForm(field)?.kind !== 'string')
}
