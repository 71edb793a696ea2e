/**
 * The schema of a project's file: the one definition of its types, its checks and their messages. What depends on the contracts
 * (feeds, columns, values of columns) is `Unknown` here and checked with them in the other files.
 */
import Type from 'typebox'
import { isTimeZone } from '#core/contract/local-time.ts'
import { decisionsOn, IDENTIFIER_NAMES } from '#core/contract/potential-identifiers.ts'
import { Shift } from '#core/contract/schema.ts'
import { HashForm } from '#core/linkage/hashed.ts'
import { closed } from '#core/schema/closed.ts'
import type { Written } from '#core/schema/written.ts'
import { CalendarDate, text } from './values.ts'

const PROJECT_ID = /^(?!.*__)[a-z][a-z0-9_]{1,40}$/

const ProjectId = Type.Refine(
  text(),
  (id) => PROJECT_ID.test(id),
  () => 'must be 2 to 41 lower-case letters, digits and single underscores, and begin with a letter',
)

export const CIRCUITS = ['direct', 'indirect', 'hashed'] as const
export type Circuit = (typeof CIRCUITS)[number]

const TimeZone = Type.Refine(
  text(),
  isTimeZone,
  () => 'must be a name of the IANA time zone database, for instance Europe/Paris',
)

const PeriodOfTime = Type.Refine(
  closed({
    /** First day, included. */
    from: CalendarDate,
    /** First day after the period. */
    to: CalendarDate,
  }),
  ({ from, to }) => from < to,
  () => "'from' must be before 'to' ('to' is the first day after the period)",
)
export type Period = Written<typeof PeriodOfTime>

const Year = Type.Integer({ minimum: 1850, maximum: 2200 })
export const BirthYear = Type.Refine(
  Type.Refine(
    closed({ from: Type.Optional(Year), to: Type.Optional(Year) }),
    ({ from, to }) => from !== undefined || to !== undefined,
    () => "needs 'from' or 'to' (years, both included)",
  ),
  ({ from, to }) => from === undefined || to === undefined || from <= to,
  () => "'from' must not be after 'to'",
)

/** Groups nest: `criteria.ts` reads their elements one by one, and reports groups that nest too deep. */
export const MAX_CRITERIA = 100
const Elements = Type.Optional(Type.Array(Type.Unknown(), { minItems: 1, maxItems: MAX_CRITERIA }))
const COMBINATORS = { all_of: Elements, any_of: Elements, none_of: Elements }
export const GroupOfCriteria = closed(COMBINATORS)
export const CohortFilter = closed({
  ...COMBINATORS,
  sex: Type.Optional(Type.Unknown()),
  birth_year: Type.Optional(BirthYear),
})
const Feed = Type.Unknown({ expected: 'a feed' })
const Conditions = Type.Optional(Type.Array(Type.Unknown(), { minItems: 1, maxItems: 30 }))
export const CriterionOnFeed = closed({
  feed: Feed,
  where: Conditions,
  at_least: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  within_period: Type.Optional(Type.Boolean()),
})

const OPERATORS = {
  equals: Type.Optional(Type.Unknown()),
  in: Type.Optional(Type.Unknown()),
  starts_with: Type.Optional(Type.Unknown()),
  at_least: Type.Optional(Type.Unknown()),
  less_than: Type.Optional(Type.Unknown()),
  is_null: Type.Optional(Type.Boolean()),
}
export type Operator = keyof typeof OPERATORS
export const OPERATOR_NAMES = Object.keys(OPERATORS) as readonly Operator[]
export const ConditionOnColumn = closed({
  column: Type.Unknown({ expected: 'a column of the feed' }),
  ...OPERATORS,
})

export const Table = closed({
  feed: Feed,
  columns: Type.Unknown({ expected: 'a list of columns' }),
  where: Conditions,
  /** Every record of the persons, also outside the period: for demography, whose event time is the last change of the identity. */
  whole_history: Type.Optional(Type.Boolean()),
})

export const Identifiers = closed(
  Object.fromEntries(IDENTIFIER_NAMES.map((name) => [name, Type.Optional(Type.Enum(decisionsOn(name)))])),
)

const Step = Type.Refine(
  closed({ coarsen: Type.Optional(text()), drop: Type.Optional(text()) }),
  ({ coarsen, drop }) => (coarsen === undefined) !== (drop === undefined),
  () => "needs 'coarsen' or 'drop', and a column of a table: feed.column",
)

/** What becomes of columns and rows by which few persons can be told apart. */
export const SmallCellsPolicy = closed({
  /** Nobody shares what is known with fewer persons than these, the person included. */
  k: Type.Integer({ minimum: 2, maximum: 1000 }),
  /** In this order, until nobody stands in a small cell. */
  steps: Type.Optional(Type.Array(Step, { maxItems: 200 })),
  /** Columns that are known of a person from elsewhere, besides potential identifiers, traits and sites. */
  known: Type.Optional(Type.Array(text(), { maxItems: 100 })),
  /** The percentage of persons of whom rows may be left out instead of a further step. */
  suppress_up_to: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
  /** What happens when the run before it and this one together have a small cell. */
  difference: Type.Optional(Type.Enum(['refuse', 'tell'])),
})
export type SmallCellsPolicy = Written<typeof SmallCellsPolicy>

/** How a cohort of the project's own may be linked to the warehouse (docs/circuits.md): a review approves it with the rest of the file. */
export const ExternalLinkage = closed({
  circuits: Type.Array(Type.Enum(CIRCUITS), { minItems: 1, maxItems: CIRCUITS.length }),
  /** `feed.column`, of the indirect circuit: those that tell least of a person are left out first. */
  criteria: Type.Optional(Type.Array(text(), { minItems: 2, maxItems: 20 })),
  /** As many criteria are always compared. */
  at_least: Type.Optional(Type.Integer({ minimum: 2, maximum: 20 })),
  /** In which the cohort's dates are; times of the warehouse are compared by day. */
  time_zone: Type.Optional(TimeZone),
  /** Of the hashed circuit: the form of the hashes of a third party, and the last day on which numbers are compared. */
  hashed: Type.Optional(
    closed({ ...HashForm.properties, open_until: CalendarDate }, 'the form of the hashes, and the last day'),
  ),
})

export const Project = closed({
  id: ProjectId,
  title: text(),
  purpose: text(4000),
  contact: text(),
  retention_until: CalendarDate,
  period: PeriodOfTime,
  cohort: Type.Unknown({ expected: 'the criteria of the persons' }),
  tables: Type.Array(Type.Unknown(), { minItems: 1, maxItems: 50 }),
  potential_identifiers: Type.Unknown({ expected: 'a decision on each of them' }),
  /** How far dates are moved, by person; needed where a decision is `shift`. */
  date_shift: Type.Optional(Shift),
  /** A cohort with fewer persons is not extracted. */
  min_cohort: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  small_cells: Type.Optional(SmallCellsPolicy),
  /** By which links records are of one person: exact tokens, or the linker's model. */
  persons: Type.Optional(Type.Enum(['exact', 'scored'])),
  external_linkage: Type.Optional(ExternalLinkage),
})
export type Project = Written<typeof Project>
