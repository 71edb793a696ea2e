/** What becomes of each field of a feed, in words for a data protection officer: derived from the contract, so that the two cannot differ. */
import { CODE_SYSTEMS } from '../guards/code-systems.ts'
import { LARGEST_PLAIN_NUMBER } from '../guards/numbers.ts'
import { guardOf, storedForm, violationOf } from './actions.ts'
import { TOP_AGE } from './check-privacy.ts'
import { PRODUCER } from './guard-schema.ts'
import { UNREADABLE } from './text-rules.ts'
import type { FeedContract, FieldContract, GuardCase, PrivacyClass, TextLanguage } from './types.ts'

export interface PrivacyRow {
  readonly field: string
  readonly doc: string
  readonly class: string
  /** What is done with the value. */
  readonly action: string
  /** What is left in the pseudonymised zone; `nothing` when nothing is. */
  readonly remains: string
  /** The risk of what is left; empty when none is known. */
  readonly risk: string
}

export const CLASSES: Readonly<Record<PrivacyClass, string>> = {
  none: 'about the care, not about the person',
  direct: 'direct identifier',
  trait: 'identity trait',
  date: 'date',
  place: 'place',
  text: 'free text',
  professional: 'health professional',
}

/** @returns a row for each field, in the contract's order, and one for each of Chainon's own fields that says something of a record */
export function privacyTable(contract: FeedContract): readonly PrivacyRow[] {
  const rows = contract.fields.map((field) => ({
    field: field.name,
    doc: field.doc,
    class: CLASSES[field.privacy.class],
    action: actionOf(contract, field),
    remains: remainsOf(field),
    risk: riskOf(contract, field),
  }))
  return [...rows, ...(contract.objects ? [OBJECT] : []), ...OWN, ...(contract.linked ? [TOKENS] : [])]
}

const OWN: readonly PrivacyRow[] = [
  {
    field: '_producer',
    doc: 'Producer that the API key belongs to',
    class: 'about the producer',
    action: 'added by the gateway; the name is given by the operator',
    remains: 'the name of the producer',
    risk: 'A small establishment narrows down its patients.',
  },
  {
    field: '_received_at',
    doc: 'When the gateway received the record',
    class: 'about the record',
    action: 'added by the gateway',
    remains: 'a time in microseconds',
    risk: 'Where records are sent as they are made, it is nearly the time of the care.',
  },
]

const OBJECT: PrivacyRow = {
  field: '_object',
  doc: 'De-identified file in the object store, with its size, digest and state',
  class: 'image',
  action: 'the file is de-identified by the basic profile of PS3.15, with modified dates, and stays out of extractions',
  remains: 'a name of keyed hash, version and time of receipt; the pixels as they were',
  risk: 'Pixels may show a face, and text where the operator allows it. Who has the image elsewhere recognises it.',
}

const TOKENS: PrivacyRow = {
  field: '_sealed_tokens',
  doc: 'Linkage tokens of the identity traits',
  class: 'identity trait',
  action: 'keyed hashes (HMAC-SHA-256), one key for each kind, sealed (HPKE, AES-256-GCM) for `curate`',
  remains: 'tokens in the pseudonymised log; no column of a table',
  risk: 'Who has the log, the key of the tokens and the key of `curate` can try every NIR.',
}

/** Of a field that leaves no token. */
const COMPARED = 'compared by the linker in an encoded form, which is sealed and short-lived; here '

function actionOf(contract: FeedContract, field: FieldContract): string {
  const { action } = field.privacy
  const compared = field.linkage !== undefined && (action === 'drop' || action === 'generalise')
  return `${compared ? COMPARED : ''}${leftOf(contract, field)}`
}

function leftOf(contract: FeedContract, field: FieldContract): string {
  const { privacy } = field
  switch (privacy.action) {
    case 'keep':
      return keepOf(contract, field)
    case 'pseudonymise':
      return `replaced by a keyed pseudonym (HMAC-SHA-256; domain ${privacy.domain}, by producer), and again with a second key before it is stored`
    case 'truncate':
      return `cut to its ${privacy.to}`
    case 'generalise':
      return generaliseOf(privacy)
    case 'round':
      return `rounded to ${roundedTo(privacy)}, after it was ${keepOf(contract, field)}`
    case 'shift':
      return `${shiftOf(contract)}; a value of which the source wrote only the month or the year is cut to that again; ${keepOf(contract, field)}`
    case 'tokenise':
      return 'used for linkage tokens and for the encoded form that the linker compares, and removed'
    case 'drop':
      return 'removed'
    case 'scrub':
      return scrubOf(privacy)
  }
}

function generaliseOf({
  at,
  edges = [],
  population,
  to,
}: Extract<FieldContract['privacy'], { action: 'generalise' }>): string {
  switch (to) {
    case 'department':
      return 'cut to its department; a value that is no place of the official form becomes null'
    case 'area':
      return `replaced by an area of at least ${population} inhabitants: the postcode, all that begin like it, or the rest of its department; a postcode that no commune has becomes null`
    case 'age_band':
      return `replaced by the age at ${at}, in bands that begin with ${edges.join(', ')}; null before birth, and where the dates do not say in which band`
    case 'birth_year':
      return `replaced by the year of birth; of who is ${TOP_AGE} or older in the year of ${at} by the year ${TOP_AGE} years before it`
    case 'bins':
      return `replaced by its interval: ${edges.join(', ')}`
  }
}

function roundedTo({ digits, step }: Extract<FieldContract['privacy'], { action: 'round' }>): string {
  if (step !== undefined) return `a multiple of ${step}`
  return digits === 1 ? 'one significant digit' : `${digits} significant digits`
}

function shiftOf({ shift }: FeedContract): string {
  const unit = shift?.weekday === 'keep' ? 'whole weeks' : 'days'
  return `moved by ${unit}, at most ${shift?.within} days before or after and never by none: as many for all dates of this patient at this producer, in every feed, and found again only with the first-level secret`
}

function scrubOf({
  uncertain,
  dates,
  language,
  language_field: field,
  replacement,
}: Extract<FieldContract['privacy'], { action: 'scrub' }>): string {
  const read = field === undefined ? LANGUAGES[language] : `the language of ${field}, else ${LANGUAGES[language]}`
  return `scrubbed, read as ${read}: names, addresses, places, hospitals, dates, numbers of persons and other identifiers that are found are replaced by ${REPLACEMENTS[replacement]}${dates === 'shift' ? ', dates with day, month and year by a date that is moved as those of the fields' : ''}, with the identifiers of the record itself; the whole text becomes null, and is counted, if ${Object.values(UNREADABLE).join('; or ')}${uncertain ? `; ${UNCERTAIN[uncertain.action]} if more than ${uncertain.above} of 100 words are doubtful (written as a name, and neither replaced nor a known word)` : ''}`
}

const REPLACEMENTS = {
  tags: 'a tag with their kind ([NAME])',
  surrogates:
    'another name, place, address or telephone number, and numbers of persons by a code ([IPP-KWTBRN]): the same for the same value in all texts of this patient at this producer, and found again only with the first-level secret; birth dates, ages over 89 and dates that are not moved by a tag',
} as const
const UNCERTAIN = {
  quarantine: 'the record goes to quarantine',
  drop: 'the text becomes null, and is counted,',
  keep: 'the text is passed on with a flag',
} as const
const LANGUAGES: Readonly<Record<TextLanguage, string>> = { fr: 'French', en: 'English' }

function keepOf(contract: FeedContract, field: FieldContract): string {
  if (field.kind === 'enum') return 'kept: a closed list'
  if (field.kind === 'boolean') return 'kept: true or false'
  const otherwise =
    violationOf(field) === 'null' ? 'anything else becomes null, and is counted' : 'anything else refuses the record'
  return `kept if ${acceptedOf(contract, field, guardOf(field))}; ${otherwise}`
}

function acceptedOf(contract: FeedContract, field: FieldContract, guard: readonly GuardCase[]): string {
  if (field.kind === 'date' || field.kind === 'timestamp') return 'it is of the years 1700 to 2199'
  if (field.name === contract.version) return 'it is a count of at most 7 digits or a time not after the receipt'
  const cases = guard.map((one) => `${accepted(one)}${conditionOf(one)}`)
  // A range without a condition is declared for every record: the size of a plain number decides on none.
  if (field.kind !== 'string' && guard.every(({ when = [] }) => when.length > 0))
    cases.push(
      `${guard.length > 0 ? 'where none of these conditions holds, ' : ''}at most ${LARGEST_PLAIN_NUMBER} in size`,
    )
  const listed = field.kind === 'string' && guard.every(({ codes, pattern }) => !codes && pattern === undefined)
  return `it is ${cases.join('; or ')}${listed ? '' : '; and no number or name of this patient is in it'}`
}

function accepted({ codes = [], max, min, pattern, values = [] }: GuardCase): string {
  const parts = codes.map((code) => CODE_SYSTEMS[code].form)
  if (values.length > 0) parts.push(`one of ${values.join(', ')}`)
  if (pattern !== undefined) parts.push(`of the form ${pattern}`)
  if (min !== undefined || max !== undefined) parts.push(`from ${min ?? 'any'} to ${max ?? 'any'}`)
  return parts.join('; or ')
}

function conditionOf({ when = [] }: GuardCase): string {
  return when.length === 0
    ? ''
    : ` (where ${when.map(({ equals, field }) => `${field === PRODUCER ? 'the producer' : field} is ${equals}`).join(' and ')})`
}

function remainsOf(field: FieldContract): string {
  const stored = storedForm(field)
  if (!stored) return 'nothing'
  const name = field.as === field.name ? '' : `${field.as}: `
  const { privacy } = field
  switch (privacy.action) {
    case 'pseudonymise':
      return `${name}a pseudonym`
    case 'truncate':
      return `${name}the ${privacy.to}`
    case 'generalise':
      return `${name}${LEFT_OF_CLASS[privacy.to]}`
    case 'round':
      return `${name}the rounded value`
    case 'shift':
      return `${name}a moved date; the days between the dates of a patient are the true ones`
    case 'scrub':
      return `${name}the text, with ${privacy.replacement}`
    default:
      return `${name}the value`
  }
}

const LEFT_OF_CLASS = {
  department: 'the department',
  area: 'the area',
  age_band: `an age band; ${TOP_AGE} or older is one`,
  birth_year: 'the year of birth, of the oldest a later one',
  bins: 'the interval',
} as const

/** What a class of values can still say of a person when something of it is left. */
const RISKS: Readonly<Partial<Record<PrivacyClass, string>>> = {
  date: 'Potential identifier: an exact date of care or of death singles a person out together with a place. Each project decides on it.',
  place: 'Potential identifier: a department or an area with few people narrows them down. Each project decides on it.',
}

function riskOf(contract: FeedContract, field: FieldContract): string {
  if (!storedForm(field)) return ''
  const { privacy } = field
  if (privacy.action === 'pseudonymise')
    return 'Who has both keys can find the number again; the same pseudonym shows which records are of one patient.'
  if (privacy.action === 'truncate' && privacy.class === 'trait')
    return `Potential identifier: the ${privacy.to} of birth narrows a person down together with a place. Each project decides on it.`
  if (privacy.action === 'truncate')
    return `Potential identifier: the ${privacy.to}s in which there was care, all together, can single a person out. Each project decides on it.`
  if (privacy.action === 'shift')
    return 'Potential identifier: who knows one true date of the patient, or the days between some of them, finds the person and all other dates. The moved dates are the same in every extraction, and join them. At another producer the same person is moved by other days. Each project decides on it.'
  if (privacy.action === 'generalise' && privacy.to === 'age_band')
    return `Potential identifier: records of several dates say when the band changed, and so the day of birth. Each project decides on it.`
  if (privacy.action === 'generalise' && privacy.to === 'birth_year')
    return `Potential identifier: a record from before the age of ${TOP_AGE} still says the year. Each project decides on it.`
  if (privacy.action === 'generalise' && privacy.to === 'bins') return 'A rare interval singles a person out.'
  if (privacy.action === 'scrub')
    return `Not every identifier is found: ADR 23 and loadtest/results say how many are missed. What is told can single a person out without any name. Not for extraction.${privacy.replacement === 'surrogates' ? ' What was missed stands among surrogates and looks like them: no reader can check the text, and a surrogate can by chance be the name of a person who exists. Which names of a text are of one person, and which texts of one patient name the same person, is still seen.' : ''}`
  if (field.name === contract.version)
    return 'A time is nearly that of the care. A NIR of 13 digits without its key, of a man born from 1970 to 1976, has the form of a time.'
  const byClass = RISKS[privacy.class]
  if (byClass !== undefined || (privacy.action !== 'keep' && privacy.action !== 'round')) return byClass ?? ''
  if (field.kind === 'enum') return privacy.class === 'trait' ? 'Narrows a person down together with other traits.' : ''
  if (field.kind !== 'string') return 'A rare value singles a person out.'
  const risks = guardOf(field).flatMap(({ codes = [] }) => codes.map((code) => CODE_SYSTEMS[code].risk))
  return [...new Set(risks.filter(Boolean))].join(' ')
}
