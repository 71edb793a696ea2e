/** The traits of a text's marks as another system holds them: a registry's capitals, an ISO date, a number without marks. */
import type { Sample } from './score.ts'

/** Beginnings of the months' names, French and English, folded. */
const MONTHS = 'janv|jan,fevr|feb,mars|mar,avr|apr,mai|may,juin|jun,juil|jul,aout|aug,sept|sep,oct,nov,dec'
  .split(',')
  .map((names) => names.split('|'))

const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** @returns traits in one field each, written otherwise than in the text; what cannot be written otherwise stays as it is */
export function knownElsewhere({ text, marks }: Sample): unknown {
  const points = Array.from(text)
  const of = (...kinds: string[]) =>
    marks.filter(({ kind }) => kinds.includes(kind)).map(({ start, end }) => points.slice(start, end).join(''))
  return {
    names: of('NOM', 'PRENOM', 'NAME').map(inCapitals),
    birth_date: of('DATE_NAISSANCE', 'BIRTH').map(isoDate),
    phone: of('TEL', 'PHONE').map(international),
    email: of('MAIL', 'EMAIL').map((mail) => mail.toUpperCase()),
    address: of('ADRESSE', 'ADDRESS').map(inCapitals),
    postcode: of('ZIP').map((code) => code.replaceAll(' ', '')),
    city: of('VILLE', 'CITY').map(inCapitals),
    ids: of('IPP', 'NDA', 'SECU', 'ID', 'SSN').map((id) => id.replace(/[ .\-/]/g, '')),
  }
}

/** Le Floc'h, Anne-Sophie: LE FLOC H, ANNE SOPHIE. */
const inCapitals = (value: string): string =>
  fold(value)
    .toUpperCase()
    .replace(/[^\p{L}\d]+/gu, ' ')
    .trim()

function international(value: string): string {
  const digits = value.replace(/\D/g, '')
  if (/^0[1-9]\d{8}$/.test(digits)) return `+33${digits.slice(1)}`
  return /^[2-9]\d{9}$/.test(digits) ? `+1${digits}` : digits
}

function isoDate(value: string): string {
  const words = fold(value).split(/[^a-z]+/)
  const month = MONTHS.findIndex((names) => words.some((word) => names.some((name) => word.startsWith(name))))
  const numbers = value.match(/\d+/g) ?? []
  const year = numbers.find((one) => one.length === 4)
  const [first = '', second = ''] = numbers.filter((one) => one !== year)
  if (year === undefined) return value
  const [day, number] = month >= 0 ? [first, String(month + 1)] : [first, second]
  return day === '' || number === '' ? value : `${year}-${number.padStart(2, '0')}-${day.padStart(2, '0')}`
}
