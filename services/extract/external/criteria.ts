/** The criteria of an indirect linkage: columns of the warehouse that a project may see, and the values of a cohort in the form in which both are compared. */
import { isReadable, storedForm } from '#core/contract/actions.ts'
import { formatDate, parseCalendarDate, truncateDate } from '#core/contract/calendar.ts'
import { literal, quote } from '#core/contract/table.ts'
import type { FeedContract, FieldContract, ValueKind } from '#core/contract/types.ts'
import type { HashForm } from '#core/linkage/hashed.ts'
import { didYouMean } from '#core/schema/nearest.ts'
import type { Place } from '#core/schema/place.ts'
import type { Written } from '#core/schema/written.ts'
import type { ContractsByFeed } from '../criteria.ts'
import type { Circuit, ExternalLinkage } from '../project-schema.ts'

export interface Criterion {
  /** `feed.column` */
  readonly name: string
  readonly feed: string
  readonly kind: ValueKind
  readonly symbols: readonly string[]
  /** Dates are as coarse as the warehouse has them. */
  readonly to: 'month' | 'quarter' | 'year' | undefined
  /** SQL over the feed's view: text, or null. */
  readonly expression: string
}

export interface ExternalLinkagePlan {
  readonly circuits: readonly Circuit[]
  /** In the order of the file; empty without the indirect circuit. */
  readonly criteria: readonly Criterion[]
  readonly atLeast: number
  /** Of the hashed circuit. */
  readonly hashed?: HashedPlan
}

export interface HashedPlan {
  readonly form: HashForm
  /** Last day on which numbers are compared, YYYY-MM-DD. */
  readonly openUntil: string
}

const SITE = 'site_code'
const PRODUCER = '_producer'
const COMPARED: readonly ValueKind[] = ['string', 'enum', 'boolean', 'integer', 'long', 'date', 'timestamp']
const DEFAULT_AT_LEAST = 3

/** @returns the plan without its problems, which `place` is told */
export function readExternalLinkage(
  written: Written<typeof ExternalLinkage>,
  contracts: ContractsByFeed,
  place: Place,
): ExternalLinkagePlan {
  const { circuits, criteria: names = [], at_least: atLeast = Math.min(DEFAULT_AT_LEAST, names.length) } = written
  const { time_zone: zone = 'UTC' } = written
  const isIndirect = circuits.includes('indirect')
  if (isIndirect && names.length === 0) place.say("the circuit 'indirect' needs 'criteria'")
  if (!isIndirect && names.length > 0) place.key('criteria').say("is there, and 'circuits' has no 'indirect'")
  if (isIndirect && atLeast > names.length) place.key('at_least').say('must not be above the number of criteria')
  const criteria = names.flatMap((name, index) => {
    const at = place.key('criteria').item(index)
    if (names.indexOf(name) !== index) at.say('is there twice')
    return criterionOf(name, zone, contracts, at) ?? []
  })
  return { circuits, criteria, atLeast, ...hashedPlan(written, place) }
}

function hashedPlan(
  { circuits, hashed }: Written<typeof ExternalLinkage>,
  place: Place,
): Pick<ExternalLinkagePlan, 'hashed'> {
  const isHashed = circuits.includes('hashed')
  if (isHashed && !hashed)
    place.say("the circuit 'hashed' needs 'hashed': identifier, characters, encoding, open_until")
  if (!isHashed && hashed) place.key('hashed').say("is there, and 'circuits' has no 'hashed'")
  if (!hashed) return {}
  const { open_until: openUntil, ...form } = hashed
  return { hashed: { form, openUntil } }
}

function criterionOf(name: string, zone: string, contracts: ContractsByFeed, at: Place): Criterion | undefined {
  const [feed = '', column = ''] = name.split('.')
  const contract = contracts.get(feed)
  if (!contract) return at.say(`must be feed.column, of a feed${didYouMean(feed, [...contracts.keys()])}`)
  if (column === SITE)
    return { name, feed, kind: 'string', symbols: [], to: undefined, expression: `toString(f.${quote(PRODUCER)})` }
  const fields = comparable(contract)
  const field = fields.get(column)
  if (!field) return at.say(`${feed} has no such column to compare by${didYouMean(column, [...fields.keys(), SITE])}`)
  const kind = storedForm(field)?.kind ?? field.kind
  const { privacy } = field
  const to = privacy.action === 'truncate' ? privacy.to : undefined
  return { name, feed, kind, symbols: field.symbols, to, expression: expressionOf(field, kind, zone) }
}

/** A date that is moved, and a number that is rounded, are none that somebody else has. */
function comparable(contract: FeedContract): ReadonlyMap<string, FieldContract> {
  const fields = contract.fields.filter(
    (field) =>
      isReadable(field) &&
      ['keep', 'truncate', 'generalise'].includes(field.privacy.action) &&
      COMPARED.includes(storedForm(field)?.kind ?? field.kind),
  )
  return new Map(fields.map((field) => [field.as, field]))
}

/** Times are compared by day, in the time zone of the cohort's dates. */
function expressionOf({ as }: FieldContract, kind: ValueKind, zone: string): string {
  const column = `f.${quote(as)}`
  return kind === 'timestamp' ? `toString(toDate32(toTimeZone(${column}, ${literal(zone)})))` : `toString(${column})`
}

/** @returns the value in the form of `expression`; else the rule that it breaks */
export function comparedValue(
  criterion: Criterion,
  text: string,
): { readonly value: string } | { readonly rule: string } {
  switch (criterion.kind) {
    case 'date':
    case 'timestamp': {
      const day = parseCalendarDate(/^\d{4}-\d{2}$/.test(text) && criterion.to ? `${text}-01` : text)
      if (day === undefined)
        return { rule: `a date of the calendar, YYYY-MM-DD${criterion.to ? ' or YYYY-MM' : ''} (date)` }
      return { value: formatDate(criterion.to ? truncateDate(day, criterion.to) : day) }
    }
    case 'enum':
      return criterion.symbols.includes(text)
        ? { value: text }
        : { rule: `one of ${criterion.symbols.join(', ')} (enum)` }
    case 'boolean':
      return text === 'true' || text === 'false' ? { value: text } : { rule: 'true or false (type)' }
    case 'integer':
    case 'long':
      return /^-?\d{1,15}$/.test(text) ? { value: String(Number(text)) } : { rule: 'a whole number (type)' }
    case 'string':
    case 'double':
      return text.length <= 128 ? { value: text } : { rule: 'at most 128 characters (max-length)' }
  }
}
