/** Texts whose identifiers are written with the errors of typing, reading and layout, while the traits that are known of the patient are right. */
import { type Random, seeded } from '../chaos/random.ts'
import type { Mark, Sample } from './score.ts'
import { knownOfMarks } from './texts.ts'

/** The kind of a mark that was disturbed. */
export const DISTURBED = 'DISTURBED'

const NAMES = ['NOM', 'PRENOM', 'NAME']
const NUMBERS = ['TEL', 'PHONE', 'IPP', 'NDA', 'SECU', 'SSN', 'ID']
const BIRTHS = ['DATE_NAISSANCE', 'BIRTH']
const WORDS = [...NAMES, 'VILLE', 'CITY', 'ADRESSE', 'ADDRESS']
/** Letters of a name that is still the same name after an error. */
const SHORTEST = 5

type Disturb = (value: string, random: Random, language: 'fr' | 'en') => string
interface Disturbance {
  readonly name: string
  readonly kinds: readonly string[]
  /** @returns the value as it is where it cannot be disturbed so */
  readonly disturb: Disturb
}

const letterAt = (value: string, random: Random): number => {
  const places = Array.from(value).flatMap((char, i) => (i > 0 && /\p{L}/u.test(char) ? [i] : []))
  return places.length === 0 ? -1 : random.pick(places as [number, ...number[]])
}
const isLong = (value: string) => (value.match(/\p{L}/gu) ?? []).length >= SHORTEST
const inCaseOf = (model: string, letter: string) => (model === model.toUpperCase() ? letter.toUpperCase() : letter)

const atLetter =
  (change: (value: string, at: number, random: Random) => string): Disturb =>
  (value, random) => {
    const at = isLong(value) ? letterAt(value, random) : -1
    return at < 0 ? value : change(value, at, random)
  }
const drawnLetter = (model: string, random: Random) => inCaseOf(model, String.fromCharCode(97 + random.int(0, 25)))
const READ_AS_FIGURES: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1', S: '5', B: '8' }
const READ_AS_LETTERS: Readonly<Record<string, string>> = { 0: 'O', 1: 'l', 5: 'S', 8: 'B' }

const MONTHS = {
  fr: 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre'.split(' '),
  en: 'January February March April May June July August September October November December'.split(' '),
}
const UNITS =
  'zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf'.split(
    ' ',
  )
const TENS = ' dix vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt'.split(' ')
const DAYS_EN =
  'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth'.split(
    ' ',
  )
const UNITS_EN =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  )
const TENS_EN = ' ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')

function inFrench(n: number): string {
  if (n < 20) return UNITS[n] as string
  const tens = Math.floor(n / 10)
  const rest = tens === 7 || tens === 9 ? (n % 10) + 10 : n % 10
  if (rest === 0) return `${TENS[tens]}${tens === 8 ? 's' : ''}`
  return tens < 8 && (rest === 1 || rest === 11) ? `${TENS[tens]} et ${UNITS[rest]}` : `${TENS[tens]}-${UNITS[rest]}`
}
const inEnglish = (n: number): string =>
  n < 20 ? (UNITS_EN[n] as string) : `${TENS_EN[Math.floor(n / 10)]}${n % 10 === 0 ? '' : `-${UNITS_EN[n % 10]}`}`
const dayInEnglish = (day: number): string =>
  day <= 20
    ? (DAYS_EN[day - 1] as string)
    : day === 30
      ? 'thirtieth'
      : `${TENS_EN[Math.floor(day / 10)]}-${DAYS_EN[(day % 10) - 1]}`

/** 12/03/1960: douze mars mille neuf cent soixante, the twelfth of March nineteen sixty. */
function inWords(value: string, language: 'fr' | 'en'): string {
  const parts = /^(\d{1,2})[/.-](\d{1,2})[/.-](19\d\d)$/.exec(value)
  if (!parts) return value
  const [first, second, year] = parts.slice(1).map(Number) as [number, number, number]
  // A month that cannot be a day tells the order; else English is read month first, as its sets write it.
  const [day, month] = language === 'fr' || first > 12 ? [first, second] : [second, first]
  if (month < 1 || month > 12 || year % 100 === 0) return value
  return language === 'fr'
    ? `${day === 1 ? 'premier' : inFrench(day)} ${MONTHS.fr[month - 1]} mille neuf cent ${inFrench(year % 100)}`
    : `${dayInEnglish(day)} of ${MONTHS.en[month - 1]} nineteen ${inEnglish(year % 100)}`
}

const NICKNAMES: Readonly<Record<string, string>> = Object.fromEntries(
  'Mohamed Momo,Margaret Peggy,Patrick Pat,Abdelkader Kader,Fatoumata Fatou,Marie-Thérèse MT,Jean-Baptiste JB,Thibault Thib,Ludovic Ludo,Sandrine Sandy,Sebastian Seb,Trevor Trev,Eleanor Ellie,Geraldine Gerry,Gwendolyn Gwen,Dolores Lola,Augustin Gus,Frank Frankie,Thaddeus Thad,Bartholomew Bart,Demetrius Demi,Cornelius Neil,Beatriz Bea,Leopold Leo,Vladimir Vlad,Winifred Winnie,Agnieszka Aga'
    .split(',')
    .map((pair) => pair.split(' ')),
)

export const DISTURBANCES: readonly Disturbance[] = [
  {
    name: 'a letter that is another',
    kinds: WORDS,
    disturb: atLetter((v, at, random) => v.slice(0, at) + drawnLetter(v, random) + v.slice(at + 1)),
  },
  { name: 'a letter left out', kinds: WORDS, disturb: atLetter((v, at) => v.slice(0, at) + v.slice(at + 1)) },
  {
    name: 'a letter too many',
    kinds: WORDS,
    disturb: atLetter((v, at, random) => v.slice(0, at) + drawnLetter(v, random) + v.slice(at)),
  },
  {
    name: 'two letters exchanged',
    kinds: WORDS,
    disturb: atLetter((v, at) =>
      /\p{L}/u.test(v[at + 1] ?? '') ? `${v.slice(0, at)}${v[at + 1]}${v[at]}${v.slice(at + 2)}` : v,
    ),
  },
  { name: 'in small letters', kinds: WORDS, disturb: (v) => v.toLowerCase() },
  { name: 'in capitals', kinds: WORDS, disturb: (v) => v.toUpperCase() },
  { name: 'without accents', kinds: WORDS, disturb: (v) => v.normalize('NFD').replace(/\p{M}/gu, '') },
  { name: 'decomposed accents', kinds: WORDS, disturb: (v) => v.normalize('NFD') },
  { name: 'a space for a hyphen or apostrophe', kinds: WORDS, disturb: (v) => v.replace(/[-'’]/g, ' ') },
  { name: 'a hyphen for a space', kinds: NAMES, disturb: (v) => v.replaceAll(' ', '-') },
  { name: 'without spaces and hyphens', kinds: NAMES, disturb: (v) => v.replace(/[ '’-]/g, '') },
  {
    name: 'spaced letters',
    kinds: NAMES,
    disturb: (v) => (isLong(v) && /^\p{L}+$/u.test(v) ? Array.from(v.toUpperCase()).join(' ') : v),
  },
  {
    name: 'broken over a line',
    kinds: NAMES,
    disturb: (v, random) => {
      if (/[ -]/.test(v)) return v.replace(/([ -])/, (mark) => (mark === '-' ? '-\n' : '\n'))
      const at = isLong(v) ? random.int(2, v.length - 2) : 0
      return at === 0 ? v : `${v.slice(0, at)}-\n${v.slice(at)}`
    },
  },
  {
    name: 'letters read as figures',
    kinds: NAMES,
    disturb: (v) =>
      isLong(v)
        ? v.slice(0, 1) + v.slice(1).replace(/[OILSB]/gi, (char) => READ_AS_FIGURES[char.toUpperCase()] ?? char)
        : v,
  },
  {
    name: 'figures read as letters',
    kinds: [...NUMBERS, ...BIRTHS],
    disturb: (v) => v.replace(/[0158]/g, (char) => READ_AS_LETTERS[char] ?? char),
  },
  {
    name: 'a figure that is another',
    kinds: NUMBERS,
    disturb: (v, random) => {
      const places = Array.from(v).flatMap((char, i) => (/\d/.test(char) ? [i] : []))
      if (places.length < 8) return v
      const at = random.pick(places as [number, ...number[]])
      return v.slice(0, at) + ((Number(v[at]) + 1 + random.int(0, 8)) % 10) + v.slice(at + 1)
    },
  },
  { name: 'birth date in words', kinds: BIRTHS, disturb: (v, _, language) => inWords(v, language) },
  { name: 'birth date with other marks', kinds: BIRTHS, disturb: (v) => v.replace(/[/.-]/g, ' ') },
  { name: 'an initial for the given name', kinds: ['PRENOM'], disturb: (v) => `${v.slice(0, 1).toUpperCase()}.` },
  {
    name: 'initials of the whole name',
    kinds: ['NAME'],
    disturb: (v) => v.replace(/(\p{L})[\p{L}'’-]*\.?/gu, (_, first: string) => `${first.toUpperCase()}.`),
  },
  {
    name: 'a nickname',
    kinds: NAMES,
    disturb: (v) => v.replace(/\p{L}+(?:-\p{L}+)?/u, (name) => NICKNAMES[name] ?? name),
  },
]

/**
 * @returns the texts in which something could be disturbed; a mark that was has the kind `DISTURBED`, the others their own. `known` are
 * the right values. The same at each call.
 */
export function disturbed(
  samples: readonly Sample[],
  { name, kinds, disturb }: Disturbance,
  language: 'fr' | 'en',
): Sample[] {
  return samples.flatMap((sample) => {
    const random = seeded(`${name} ${sample.id}`)
    const points = Array.from(sample.text)
    const marks: Mark[] = []
    let text = ''
    let length = 0
    let last = 0
    const write = (part: string) => {
      text += part
      length += Array.from(part).length
    }
    for (const { start, end, kind } of sample.marks) {
      write(points.slice(last, start).join(''))
      const value = points.slice(start, end).join('')
      const other = kinds.includes(kind) ? disturb(value, random, language) : value
      const from = length
      write(other)
      marks.push({ start: from, end: length, kind: other === value ? kind : DISTURBED })
      last = end
    }
    write(points.slice(last).join(''))
    const changed = marks.some(({ kind }) => kind === DISTURBED)
    return changed ? [{ id: sample.id, text, marks, known: knownOfMarks(sample) }] : []
  })
}
