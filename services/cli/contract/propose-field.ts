/**
 * What a column of a sample becomes in a new contract. A proposal never keeps what may say who somebody is: a value is kept only where its name and all its
 * values say that it is a measure, a yes or no, a sex, or a code of a public system, which a guard then holds to that. All else is dropped, with a word why.
 */
import type { FieldDraft } from '#core/contract/draft.ts'
import type { FieldType, NotNullType } from '#core/contract/schema.ts'
import { CODE_SYSTEMS, type CodeSystemName } from '#core/guards/code-systems.ts'
import { detectInText } from '#core/guards/detect.ts'
import { nameScore, wordsOf } from '../csv/names.ts'
import { dateFormOf } from '../csv/observe.ts'
import type { Column } from '../csv/propose.ts'

export type Role = 'record' | 'patient' | 'event-time'

export interface ProposedField {
  readonly field: Pick<FieldDraft, 'type' | 'privacy' | 'default' | 'maxLength'>
  /** Why, for the person who reads it; names and kinds, never a value. */
  readonly why: string
  /** The column is this field of every feed, or may be the time of the record. */
  readonly role?: Role
}

const DATE = { type: 'int', logicalType: 'date' } as const
const TIME = { type: 'long', logicalType: 'timestamp-millis' } as const
/** Fewer values show no pattern. */
const FEW = 5
const LOWEST_SCORE = 0.55
/** Longer numbers may be those of a person: a record, a stay, a telephone. */
const LONG_NUMBER = 10_000
const YEARS = { from: 1850, to: 2200 }

type Privacy = FieldDraft['privacy']
const nullable = (type: NotNullType): FieldType => ['null', type]

function proposed(type: NotNullType, privacy: Privacy, why: string, more: Partial<ProposedField> = {}): ProposedField {
  return { field: { type: nullable(type), default: null, privacy }, why, ...more }
}

const dropped = (privacyClass: Privacy['class'], why: string, type: NotNullType = 'string'): ProposedField =>
  proposed(type, { class: privacyClass, action: 'drop' }, `${why}: nothing is left`)

/** @param name of the field, for the columns that replace it */
export function proposeField(name: string, { name: column, rows, values: untrimmed }: Column): ProposedField {
  const values = untrimmed.map((value) => value.trim())
  const words = new Set(wordsOf(column))
  return (
    byName(name, column, words, values) ??
    byPerson(values) ??
    byDate(values, rows) ??
    byCode(words, values) ??
    byNumber(name, words, values) ??
    (isBoolean(values) ? proposed('boolean', { class: 'none', action: 'keep' }, 'yes or no') : undefined) ??
    dropped('text', values.length === 0 ? 'it has no values to judge by' : 'what it holds is not known')
  )
}

/** Columns whose name says what they are of a person; the score is that of the names that exports use. */
const KNOWN: readonly (readonly [fields: readonly string[], what: (is: Known) => ProposedField])[] = [
  [['record_id'], () => ({ ...dropped('direct', 'the identifier of the record'), role: 'record' })],
  [['patient_ipp'], () => ({ ...dropped('direct', 'the identifier of the patient'), role: 'patient' })],
  [
    ['encounter_nda'],
    ({ name }) =>
      proposed(
        'string',
        { class: 'direct', action: 'pseudonymise', domain: 'encounter', as: `${name}_pseudonym` },
        'the number of a stay: replaced by a pseudonym',
      ),
  ],
  [['ins', 'nir', 'phone', 'email', 'registry_act'], () => dropped('direct', 'a direct identifier')],
  [
    ['birth_family_name', 'birth_given_names', 'used_family_name', 'birth_place_insee'],
    () => dropped('trait', 'an identity trait (tokenise it, with a role of linkage, where persons are linked)'),
  ],
  // A year here would be undone by the month that the feed of patients leaves.
  [['birth_date'], () => dropped('trait', 'the date of birth, which the feed of patients has')],
  [['author_rpps'], () => dropped('professional', 'a health professional')],
  [
    ['postcode', 'death_place_insee'],
    ({ name }) =>
      proposed(
        'string',
        { class: 'place', action: 'generalise', to: 'department', as: `${name}_department` },
        'a place: only the department is left',
      ),
  ],
  [['address_line', 'city'], () => dropped('place', 'a place')],
  [
    ['sex'],
    ({ values }) => {
      const symbols = [...new Set(values)]
      return symbols.length > 0 && symbols.length <= 5 && symbols.every((one) => SEXES.has(one.toLowerCase()))
        ? proposed(
            { type: 'enum', name: 'Sex', symbols: symbols.toSorted() },
            { class: 'trait', action: 'keep' },
            'the sex: kept as one of the words seen',
          )
        : dropped('trait', 'an identity trait')
    },
  ],
]
const SEXES = new Set([
  'm',
  'f',
  'h',
  'i',
  'male',
  'female',
  'other',
  'unknown',
  'homme',
  'femme',
  'masculin',
  'feminin',
  'autre',
  'inconnu',
])

interface Known {
  readonly name: string
  readonly values: readonly string[]
}

const PROFESSIONALS =
  /^(?:medecins?|docteurs?|doctors?|praticiens?|prescripteurs?|rpps|adeli|infirmiere?s?|soignants?|chirurgiens?|operateurs?|physicians?|nurses?|providers?|practitioners?|auteurs?|authors?|redacteurs?|user|utilisateur|saisi)$/
const TEXTS =
  /^(?:commentaires?|comments?|textes?|text|notes?|libelles?|labels?|conclusions?|motifs?|descriptions?|titres?|titles?|remarques?|antecedents?|anamnese|rendu|cr)$/
const BIRTHS = /^(?:naissances?|naiss|birth|born|ddn|dob)$/
const NAMES = /^(?:noms?|prenoms?|names?|surname|personnes?|persons?|contacts?|conjoint|mere|pere|mother|father)$/

function byName(
  name: string,
  column: string,
  words: ReadonlySet<string>,
  values: readonly string[],
): ProposedField | undefined {
  const has = (form: RegExp) => [...words].some((word) => form.test(word))
  if (has(PROFESSIONALS)) return dropped('professional', 'a health professional')
  const scored = KNOWN.map(([fields, what]) => ({
    what,
    score: Math.max(...fields.map((field) => nameScore(column, field))),
  })).toSorted((a, b) => b.score - a.score)
  const [best] = scored
  if (best && best.score >= LOWEST_SCORE) return best.what({ name, values })
  if (has(BIRTHS)) return dropped('trait', 'something of the birth')
  if (has(NAMES)) return dropped('direct', 'a name')
  return has(TEXTS) ? dropped('text', 'a text (scrub it, with its language, to pass it on)') : undefined
}

/** A number of a person, or an address, in any of the values: whatever the column's name says. */
function byPerson(values: readonly string[]): ProposedField | undefined {
  const nobody = () => ({ words: new Set<string>(), identifiers: [], numbers: [], birthDates: [] })
  return values.some((value) => detectInText(value, nobody) !== undefined)
    ? dropped('direct', 'a value has the form of a NIR, a telephone number or an e-mail address')
    : undefined
}

function byDate(values: readonly string[], rows: number): ProposedField | undefined {
  const day = dateFormOf(values, 'date', true)
  const type = day === undefined || day.format?.includes('H') ? TIME : DATE
  if (day === undefined && dateFormOf(values, 'timestamp', true) === undefined) return undefined
  const privacy = { class: 'date', action: 'truncate', to: 'month' } as const
  const role = values.length === rows ? { role: 'event-time' as const } : {}
  return proposed(type, privacy, 'a date: only its month is left', role)
}

const CODES: Readonly<Record<string, readonly CodeSystemName[]>> = {
  diag: ['cim10'],
  diagnostic: ['cim10'],
  diagnosis: ['cim10'],
  cim: ['cim10'],
  cim10: ['cim10'],
  icd10: ['cim10'],
  acte: ['ccam'],
  ccam: ['ccam'],
  loinc: ['loinc'],
  snomed: ['snomed'],
  atc: ['atc'],
  ucd: ['ucd'],
  cip: ['cip'],
  unite: ['ucum'],
  unit: ['ucum'],
  units: ['ucum'],
}

/** Only where the name says which system it is, and every value is of it; the guard then withholds what is not. */
function byCode(words: ReadonlySet<string>, values: readonly string[]): ProposedField | undefined {
  const systems = [...words].flatMap((word) => (Object.hasOwn(CODES, word) ? (CODES[word] ?? []) : []))
  const system = systems.find(
    (one) => values.length >= FEW && values.every((value) => CODE_SYSTEMS[one].accepts(value)),
  )
  if (system === undefined) return undefined
  const privacy = { class: 'none', action: 'keep', guard: [{ codes: [system] }] } as const
  return proposed('string', privacy, `codes of ${system}: kept, and what is none is withheld`)
}

const IDENTIFIERS =
  /^(?:id|ids|uid|num|numero|no|number|nb?dossier|dossier|matricule|code|codes|ref|reference|index|seq|cle|key|lit|chambre|room|bed|index)$/

function byNumber(name: string, words: ReadonlySet<string>, values: readonly string[]): ProposedField | undefined {
  // A leading zero is lost in a number, so it is none.
  if (values.length === 0 || !values.every((value) => /^[+-]?(?:0|[1-9]\d*)(?:[.,]\d+)?$/.test(value))) return undefined
  const numbers = values.map((value) => Number(value.replace(',', '.')))
  const whole = numbers.every(Number.isInteger)
  const type = whole ? ('int' as const) : ('double' as const)
  if (words.has('age'))
    return proposed(
      type,
      { class: 'none', action: 'generalise', to: 'bins', edges: [1, 18, 65, 90], as: `${name}_band` },
      'an age: only the band is left',
    )
  if ([...words].some((word) => IDENTIFIERS.test(word))) return dropped('direct', 'its name says an identifier')
  if (numbers.some((number) => Math.abs(number) >= LONG_NUMBER))
    return dropped('direct', 'it may be a number of a person')
  if (whole && numbers.every((number) => number >= YEARS.from && number < YEARS.to))
    return dropped('trait', 'it may be a year of birth')
  if (values.length < FEW) return dropped('direct', 'too few values to tell a measure from a number of a person')
  if (whole && new Set(numbers).size === numbers.length)
    return dropped('direct', 'every value is another one, as with an identifier')
  return proposed(type, { class: 'none', action: 'keep' }, 'a measure or a count: kept')
}

function isBoolean(values: readonly string[]): boolean {
  return values.length > 0 && values.every((value) => /^(?:true|false)$/i.test(value))
}
