/** Layer 5 in the pipeline: what a record itself says of its patient and of who wrote it, as traits that its texts are searched for. */
import { formatDate } from '#core/contract/calendar.ts'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import { type Known, knownOf } from './known.ts'

type Values = Readonly<Record<string, unknown>>

/** What the value of a pseudonymised field is, as `readTraits` names it. */
const DOMAINS = {
  patient: 'ipp',
  encounter: 'nda',
  accession: 'record',
  record: 'record',
  study: 'record',
  series: 'record',
  rss: 'record',
} as const
/** The parts of such an identifier are counters. */
const WHOLE: ReadonlySet<string> = new Set(['record', 'study', 'series', 'rss'])
const IDENTIFYING: ReadonlySet<string> = new Set(['direct', 'trait', 'professional', 'place'])
const NAMES: ReadonlySet<string> = new Set(['trait', 'professional'])
/** Figures of a number that is looked for without what stands around it: H1-0080001 and 0080001. */
const SHORTEST_NUMBER = 5

/** @returns a function from a record of the feed to its traits; undefined when it says none */
export function recordTraits(contract: FeedContract): (record: Values) => Known | undefined {
  const fields = contract.fields.filter(isTrait).map((field) => ({ field, name: traitName(field) }))
  return function readRecord(record) {
    const traits: Record<string, string[]> = {}
    let found = false
    for (const { field, name } of fields) {
      const value = record[field.name]
      if (value === null || value === undefined || value === '') continue
      const all = traits[name] ?? []
      all.push(...writtenAs(field, value))
      traits[name] = all
      found = true
    }
    return found ? knownOf(traits) : undefined
  }
}

/** Sex and status of identity are words of the language; what is kept stays readable beside the text anyway. */
function isTrait({ kind, privacy }: FieldContract): boolean {
  return IDENTIFYING.has(privacy.class) && privacy.action !== 'keep' && (kind === 'string' || kind === 'date')
}

function traitName({ linkage, name, privacy }: FieldContract): string {
  return privacy.action === 'pseudonymise' ? DOMAINS[privacy.domain] : (linkage ?? name)
}

function writtenAs({ kind, privacy }: FieldContract, value: unknown): readonly string[] {
  if (kind === 'date') return [formatDate(Number(value))]
  const text = String(value)
  if (privacy.action !== 'pseudonymise' || WHOLE.has(privacy.domain))
    // Several names of one field are one a line; an address of several lines is one.
    return NAMES.has(privacy.class) ? text.split('\n').filter((line) => line.trim() !== '') : [text]
  const numbers = (text.match(/\d+/g) ?? []).filter((digits) => digits.length >= SHORTEST_NUMBER)
  const short = numbers.map((digits) => digits.replace(/^0+/, '')).filter((digits) => digits.length >= SHORTEST_NUMBER)
  return [text, ...numbers, ...short]
}
