/**
 * Normal forms of all traits that the linkage compares: what two desks write differently for one person becomes the same text, and
 * what is written in place of an unknown value becomes missing. Errors of typing stay: the comparison measures them.
 */
import { isValidNir } from '#core/rules/check-digits.ts'
import { normaliseBirthDate } from './birth-date.ts'
import { normaliseName, normaliseNir } from './normalise.ts'
import { isNewborn, isUnknown } from './placeholders.ts'
import type { DateFormat, Trait, Traits } from './traits.ts'

/** The normal form of the given name of a newborn that has none yet: it tells twins apart from one child that came twice. */
export const NEWBORN = '*'

/** Kinds of streets, before the name in French; they and the articles after them distinguish nothing. */
const STREET_KIND =
  /^(RUE|AVENUE|AVE?|BOULEVARD|BLVD|BD|BLD|PLACE|PL|CHEMIN|CHE|CH|ALLEES?|ALL|IMPASSE|IMP|ROUTE|RTE|QUAI|COURS|SQUARE|SQ|PASSAGE|PAS|RESIDENCE|RES|LOTISSEMENT|LOT|CITE|VOIE|SENTIER|R) +(?=\S)/
const ARTICLE = /^(DE +LA|DE +L|DE|DU|DES|LA|LE|LES|L|D) +(?=\S)/
const LEADING_NUMBER = /^(\d+) *(BIS|TER|QUATER|[A-D](?= ))?[ ,]+(?=\S)/

/**
 * @param traits as written
 * @param dates how `birth_date` is written
 * @returns normal forms; a missing trait is absent. The given names after the first become the middle name, and a number before the
 *   street its number, where the record has none
 */
export function normaliseTraits(traits: Traits, dates: DateFormat): Traits {
  const normal: Partial<Record<Trait, string>> = {}
  const put = (trait: Trait, value: string) => {
    if (value !== '') normal[trait] = value
  }
  for (const trait of ['family_name', 'birth_name', 'city', 'birth_place', 'unit', 'region'] as const)
    put(trait, plainName(traits[trait] ?? '', trait))
  const [given = '', ...others] = words(traits.given_name ?? '')
  const whole = [given, ...others].join(' ')
  if (isNewborn(whole, (normal.family_name ?? normal.birth_name) !== undefined)) put('given_name', NEWBORN)
  else if (!isUnknown(whole)) put('given_name', normaliseName(given))
  put(
    'middle_name',
    traits.middle_name === undefined ? afterFirst(normal.given_name, others) : middleName(traits.middle_name),
  )
  put('birth_date', normaliseBirthDate(traits.birth_date ?? '', dates))
  put('sex', sexOf(traits.sex ?? ''))
  const [number, street] = splitStreet(traits.street ?? '', traits.street_number)
  put('street_number', number)
  put('street', isUnknown(street) ? '' : normaliseLetters(street))
  put('postcode', code(traits.postcode ?? ''))
  put('phone', phoneOf(traits.phone ?? ''))
  put('email', emailOf(traits.email ?? ''))
  put('national_id', numberOf(traits.national_id ?? ''))
  return normal
}

/** Upper case without accents; hyphens and apostrophes inside a name are removed, other separators are one space. */
function words(text: string): string[] {
  return upper(text.trim().replace(/[-'’]/g, ''))
    .split(/[\s,;]+/)
    .filter(Boolean)
}

function upper(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toUpperCase()
}

function normaliseLetters(text: string): string {
  const letters = normaliseName(text)
  const digits = text.replace(/\D/g, '')
  return letters + digits
}

function plainName(text: string, trait: Trait): string {
  const plain = words(text).join(' ')
  // North Carolina is a region, and no abbreviation for a value that is not known.
  if (isUnknown(plain) && !(trait === 'region' && plain.length === 2)) return ''
  if (trait === 'family_name' || trait === 'birth_name') return normaliseName(plain)
  if (trait !== 'city') return normaliseLetters(plain)
  // One town, whatever its district or its bag of mail.
  return normaliseName(
    plain
      .replace(/\bSTE?\b/g, (short) => (short === 'ST' ? 'SAINT' : 'SAINTE'))
      .replace(/\b(CEDEX|ARRONDISSEMENT)\b.*$/, ''),
  )
}

function afterFirst(given: string | undefined, others: readonly string[]): string {
  return given === undefined || given === NEWBORN ? '' : normaliseName(others.join(''))
}

function middleName(text: string): string {
  const plain = words(text).join(' ')
  return isUnknown(plain) ? '' : normaliseName(plain)
}

function sexOf(text: string): string {
  const plain = upper(text.trim())
  if (/^(F|FEMALE|FEMME|FEMININ|W|WOMAN|2|2\.0)$/.test(plain)) return 'F'
  return /^(M|MALE|MAN|HOMME|MASCULIN|H|1|1\.0)$/.test(plain) ? 'M' : ''
}

function splitStreet(street: string, number: string | undefined): readonly [number: string, street: string] {
  let text = upper(street.replace(/['’-]/g, ' ')).replace(/[.,]/g, ' ').replace(/\s+/g, ' ').trim()
  let house = code(number ?? '')
  const leading = LEADING_NUMBER.exec(text)
  if (leading) {
    if (number === undefined) house = `${leading[1]}${leading[2] ?? ''}`
    text = text.slice(leading[0].length)
  }
  return [house, text.replace(STREET_KIND, '').replace(ARTICLE, '')]
}

/** Numbers and codes: letters and digits; a spreadsheet's `.0` is removed; only zeros or only nines are no value. */
function code(text: string): string {
  const written = upper(text.trim())
  if (isUnknown(written)) return ''
  const plain = written.replace(/^(\d+)\.0$/, '$1').replace(/[^A-Z\d]/g, '')
  return /^(0+|9{4,}|X+)$/.test(plain) ? '' : plain
}

function phoneOf(text: string): string {
  const digits = text
    .trim()
    .replace(/\.0$/, '')
    .replace(/^(?:\+|00)33\s*(?:\(0\))?/, '0')
    .replace(/\D/g, '')
  return digits.length < 6 || /^(\d)\1+$/.test(digits) ? '' : digits
}

function emailOf(text: string): string {
  const plain = text.trim().toLowerCase()
  return /^[^@\s]+@[^@\s]+$/.test(plain) ? plain : ''
}

/** A NIR loses its key, so that those with and without it are equal; a provisional number (7, 8) is none: it will change. */
function numberOf(text: string): string {
  const plain = normaliseNir(text.trim().replace(/\.0$/, '').replace(/[-/]/g, ''))
  if (isUnknown(upper(text.trim())) || /^(.)\1*$/.test(plain) || plain.length < 4) return ''
  if (!isValidNir(plain)) return plain.replace(/[^A-Z\d]/g, '')
  return /^[78]/.test(plain) ? '' : plain.slice(0, 13)
}
