/** The forms that a trait takes in a text, as keys: folded letters and figures without what stands between them. */
import { fold } from '../characters.ts'
import { MONTH_NAMES, spokenDates } from './date-words.ts'
import { NICKNAMES } from './nicknames.ts'
import type { Trait } from './traits.ts'

/** Abbreviations of addresses and titles, by their long form. */
const LONG_FORM: Readonly<Record<string, string>> = {
  r: 'rue',
  av: 'avenue',
  ave: 'avenue',
  bd: 'boulevard',
  bld: 'boulevard',
  blvd: 'boulevard',
  bvd: 'boulevard',
  pl: 'place',
  ch: 'chemin',
  che: 'chemin',
  all: 'allee',
  imp: 'impasse',
  rte: 'route',
  sq: 'square',
  fg: 'faubourg',
  fbg: 'faubourg',
  st: 'saint',
  ste: 'sainte',
  dr: 'docteur',
  gal: 'general',
  gl: 'general',
  mal: 'marechal',
  pdt: 'president',
  res: 'residence',
  bat: 'batiment',
  appt: 'appartement',
  apt: 'appartement',
  street: 'saint',
  drive: 'docteur',
  road: 'rd',
  lane: 'ln',
  court: 'ct',
  terrace: 'ter',
}

/** @param word folded @returns the form under which it is compared */
export const canonical = (word: string): string => LONG_FORM[word] ?? word

const STREET_WORDS = new Set([...Object.keys(LONG_FORM), ...Object.values(LONG_FORM)])
/** @param word folded @returns whether it is no name of its own in an address: rue, boulevard, saint */
export const isStreetWord = (word: string): boolean => STREET_WORDS.has(word)

/** @returns the parts of a text that are letters or figures, folded */
export const partsOf = (text: string): string[] => fold(text).match(/\p{L}+|\d+/gu) ?? []

const keyOf = (text: string): string => partsOf(text).map(canonical).join('')

/** Letters and figures of a name or address of several words from which one and two errors are accepted. */
const ONE_IN_COMPOUND = 6
const TWO_IN_COMPOUND = 14

/** @returns errors that are accepted in the key of a name or address of several words */
export const errorsInCompound = (key: string): number =>
  key.length >= TWO_IN_COMPOUND ? 2 : key.length >= ONE_IN_COMPOUND ? 1 : 0

/** Shorter keys would be met by chance. */
const SHORTEST: Partial<Record<Trait['kind'], number>> = {
  name: 2,
  professional: 2,
  city: 3,
  postcode: 4,
  address: 6,
  hospital: 3,
}
const SHORTEST_NUMBER = 4

/** @returns keys of the trait; none when it is too short to be told from chance */
export function variants({ kind, value }: Trait): string[] {
  const least = SHORTEST[kind] ?? SHORTEST_NUMBER
  return [...new Set(forms({ kind, value }))].filter((key) => key.length >= least)
}

function forms({ kind, value }: Trait): string[] {
  const key = keyOf(value)
  switch (kind) {
    case 'birth_date':
    case 'date':
      return [key, ...dateForms(value)]
    case 'phone':
    case 'fax':
      return [key, ...phoneForms(value)]
    case 'nir':
      // Written without its check digits, too.
      return /^\d[0-9ab]{14}$/.test(key) ? [key, key.slice(0, 13)] : [key]
    case 'address': {
      const street = key.replace(/^\d+(?:bis|ter)?/, '')
      return street.length > 9 ? [key, street, ...lines(value)] : [key, ...lines(value)]
    }
    case 'city':
      return [key, keyOf(value.replace(/\bcedex\b.*$/i, ''))]
    case 'name':
    case 'professional':
      return nameForms(value)
    default:
      return [key]
  }
}

/** A full address in one value: each line of it, and postcode and town apart. */
function lines(value: string): string[] {
  const parts = value.split(/[,;\n]/).flatMap((line) => [line, ...(/^\s*(\d{5})\s+(.+)$/.exec(line)?.slice(1) ?? [])])
  return parts.length > 1 ? parts.map(keyOf).filter((key) => key.length > 4) : []
}

function nameForms(value: string): string[] {
  const words = value.split(/[\s,]+/).filter(Boolean)
  const pieces = words.flatMap((word) => [word, ...word.split(/[-'’]/)])
  const initials = value.match(/\p{Lu}/gu) ?? []
  const keys = pieces.filter((piece) => !PARTICLES.has(fold(piece))).map(keyOf)
  const nicknames = keys.flatMap((key) => NICKNAMES.get(key) ?? [])
  // JP of Jean-Pierre; a single word has no initials.
  const short = value.includes('-') && initials.length > 1 ? [fold(initials.join(''))] : []
  return [keyOf(value), ...keys, ...nicknames, ...short]
}

export const PARTICLES = new Set(
  'de du des d la le les l da do dos das del della di van von der den el al ben mr mrs ms m mme mlle dr pr docteur monsieur madame epouse nee jr'.split(
    ' ',
  ),
)

function phoneForms(value: string): string[] {
  const digits = value.replace(/\D/g, '')
  const national = digits.replace(/^(?:00)?33(?=\d{9}$)/, '0').replace(/^1(?=\d{10}$)/, '')
  return /^0\d{9}$/.test(national)
    ? [national, `33${national.slice(1)}`, `330${national.slice(1)}`, `0033${national.slice(1)}`]
    : [national, `1${national}`]
}

/** Months of older letters: 12-III-1960. */
const ROMAN = 'i ii iii iv v vi vii viii ix x xi xii'.split(' ')

function dateForms(value: string): string[] {
  const date = parseDate(value)
  if (!date) return []
  const { year, month, day } = date
  const two = (n: number) => String(n).padStart(2, '0')
  const days = [String(day), two(day)]
  const months = [String(month), two(month)]
  const years = [String(year), two(year % 100)]
  const out: string[] = []
  for (const d of days) for (const m of months) for (const y of years) out.push(d + m + y, m + d + y, y + m + d)
  for (const name of MONTH_NAMES[month - 1] as readonly string[])
    for (const y of years) {
      for (const d of [...days, day === 1 ? '1er' : `${day}e`]) out.push(d + name + y, name + d + y)
      for (const suffix of ['st', 'nd', 'rd', 'th'])
        out.push(`${day}${suffix}${name}${y}`, `${name}${day}${suffix}${y}`, `${day}${suffix}of${name}${y}`)
    }
  for (const d of days) for (const y of years) out.push(d + ROMAN[month - 1] + y)
  for (const { days: spoken, month: name, years: words } of spokenDates(year, month, day))
    for (const y of [...years, ...words])
      for (const d of [String(day), ...spoken]) out.push(d + name + y, name + d + y, `${d}of${name}${y}`)
  return out
}

/** @returns the parts of a date in figures, day before month where both are possible; undefined for another text */
function parseDate(value: string): { year: number; month: number; day: number } | undefined {
  const iso = /^(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?!\d)/.exec(value)
  const european = /^(\d{1,2})[/.\- ]?(\d{1,2})[/.\- ]?(\d{4})$/.exec(value)
  const [year, month, day] = (
    iso ? [iso[1], iso[2], iso[3]] : european ? [european[3], european[2], european[1]] : []
  ).map(Number)
  if (year === undefined || month === undefined || day === undefined) return undefined
  if (month >= 1 && month <= 12 && day >= 1 && day <= 31) return { year, month, day }
  return day >= 1 && day <= 12 && month <= 31 ? { year, month: day, day: month } : undefined
}
