/** Dates in words, folded and without what stands between the words. */

export const MONTH_NAMES: readonly (readonly string[])[] = [
  ['janvier', 'janv', 'jan', 'january'],
  ['fevrier', 'fevr', 'fev', 'february', 'feb'],
  ['mars', 'march', 'mar'],
  ['avril', 'avr', 'april', 'apr'],
  ['mai', 'may'],
  ['juin', 'june', 'jun'],
  ['juillet', 'juil', 'july', 'jul'],
  ['aout', 'august', 'aug'],
  ['septembre', 'sept', 'sep', 'september'],
  ['octobre', 'oct', 'october'],
  ['novembre', 'nov', 'november'],
  ['decembre', 'dec', 'december'],
]

const UNITS =
  'zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dixsept dixhuit dixneuf'.split(
    ' ',
  )
const TENS = ' dix vingt trente quarante cinquante soixante soixante quatrevingt quatrevingt'.split(' ')

function spoken(n: number): string {
  if (n < 20) return UNITS[n] as string
  const tens = Math.floor(n / 10)
  const rest = tens === 7 || tens === 9 ? (n % 10) + 10 : n % 10
  const word = TENS[tens] as string
  if (rest === 0) return tens === 8 ? 'quatrevingts' : word
  return tens < 8 && (rest === 1 || rest === 11) ? `${word}et${UNITS[rest]}` : `${word}${UNITS[rest]}`
}

const MONTHS_EN = 'january february march april may june july august september october november december'.split(' ')
const UNITS_EN =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  )
const TENS_EN = ' ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
const ORDINALS_EN =
  'zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth'.split(
    ' ',
  )

const spokenEn = (n: number): string =>
  n < 20 ? (UNITS_EN[n] as string) : `${TENS_EN[Math.floor(n / 10)]}${n % 10 === 0 ? '' : UNITS_EN[n % 10]}`
const ordinalEn = (n: number): string =>
  n <= 20 ? (ORDINALS_EN[n] as string) : n === 30 ? 'thirtieth' : `${TENS_EN[Math.floor(n / 10)]}${ORDINALS_EN[n % 10]}`

/** Days, the name of the month and years of one language. */
export interface SpokenDate {
  readonly days: readonly string[]
  readonly month: string
  /** Empty for a year that has no words here. */
  readonly years: readonly string[]
}

/**
 * @param month 1 to 12 @param day 1 to 31 @param year those of 1900 to 2099 have words
 * @returns douze mars mille neuf cent soixante, and the twelfth of March nineteen sixty, in parts
 */
export function spokenDates(year: number, month: number, day: number): readonly SpokenDate[] {
  const rest = year % 100
  const hasWords = year >= 1900 && year <= 2099
  const words = rest === 0 ? [''] : withBelgian(rest)
  const english = rest === 0 ? 'hundred' : rest < 10 ? `o${spokenEn(rest)}` : spokenEn(rest)
  const centuries = year < 2000 ? ['milleneufcent', 'milneufcent', 'dixneufcent'] : ['deuxmille', 'deuxmil']
  const yearsEn =
    year < 2000
      ? [`nineteen${english}`]
      : [`twothousand${rest === 0 ? '' : spokenEn(rest)}`, `twothousandand${spokenEn(rest)}`, `twenty${english}`]
  return [
    {
      days: day === 1 ? ['premier', 'un'] : [spoken(day)],
      month: MONTH_NAMES[month - 1]?.[0] ?? '',
      years: hasWords ? centuries.flatMap((century) => words.map((word) => century + word)) : [],
    },
    { days: [spokenEn(day), ordinalEn(day)], month: MONTHS_EN[month - 1] ?? '', years: hasWords ? yearsEn : [] },
  ]
}

/** Belgium and Switzerland: septante, huitante, nonante. */
function withBelgian(n: number): readonly string[] {
  const tens = Math.floor(n / 10)
  const word = { 7: 'septante', 8: 'huitante', 9: 'nonante' }[tens]
  if (word === undefined) return [spoken(n)]
  const unit = n % 10 === 0 ? '' : UNITS[n % 10]
  return [spoken(n), `${word}${unit}`, ...(n % 10 === 1 ? [`${word}etun`] : [])]
}
