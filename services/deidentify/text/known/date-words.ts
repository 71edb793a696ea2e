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

export const spokenDay = (day: number): string => (day === 1 ? 'premier' : spoken(day))

export function spokenYear(year: number): string {
  const rest = year % 100 === 0 ? '' : spoken(year % 100)
  return year < 2000 ? `mille${spoken(Math.floor((year % 1000) / 100))}cent${rest}` : `deuxmille${rest}`
}
