/** What the values of a column look like. */
import { parseCalendarDate, parseTimestamp } from '#core/contract/calendar.ts'
import { type DateForm, dateForm } from '#core/csv/date-form.ts'

const SHARE = 0.9
const DAYS = [
  'YYYY-MM-DD',
  'DD/MM/YYYY',
  'DD-MM-YYYY',
  'DD.MM.YYYY',
  'YYYYMMDD',
  'DDMMYYYY',
  'YYYY/MM/DD',
  'D/M/YYYY',
  'MM/DD/YYYY',
  'M/D/YYYY',
  'MM-DD-YYYY',
]
const CLOCKS = [
  '',
  ' HH:mm',
  ' HH:mm:ss',
  ' HH:mm:ss.fff',
  ' H:mm',
  ' H:mm:ss',
  'THH:mm',
  'THH:mm:ss',
  'THH:mm:ss.fff',
  'THH:mmZ',
  'THH:mm:ssZ',
  'THH:mm:ss.fffZ',
  ' HH:mm:ssZ',
  'HHmm',
  'HHmmss',
  ' HHmm',
  ' HHmmss',
]
const FORMS: readonly DateForm[] = DAYS.flatMap((day) => CLOCKS.flatMap((clock) => dateForm(`${day}${clock}`) ?? []))

export interface FoundDate {
  /** Undefined for ISO 8601 as the feed has it. */
  readonly format: string | undefined
  /** Whether the values fit the same form with the month before the day. */
  readonly alsoMonthFirst: boolean
}

/** @returns the form that fits most values, and at least nine in ten; the day before the month where both are possible */
export function dateFormOf(
  values: readonly string[],
  kind: 'date' | 'timestamp',
  dayIsEnough: boolean,
): FoundDate | undefined {
  const exact = kind === 'date' ? parseCalendarDate : parseTimestamp
  if (share(values, (value) => exact(value) !== undefined) === 1) return { format: undefined, alsoMonthFirst: false }
  let best: { readonly form: DateForm; readonly fits: number } | undefined
  for (const form of FORMS) {
    if (!form.precise && !dayIsEnough) continue
    const fits = share(values, (value) => plausible(kind === 'date' ? form.day(value) : dayIn(form, value)))
    if (fits > (best?.fits ?? 0)) best = { form, fits }
  }
  if (!best || best.fits < SHARE) return undefined
  const { form } = best
  const swapped = dateForm(form.form.replace(/(DD?)([/.-]?)(MM?)/, '$3$2$1'))
  const alsoMonthFirst =
    form.form.startsWith('D') &&
    swapped !== undefined &&
    share(values, (value) => plausible(dayIn(swapped, value))) === best.fits
  return { format: form.form, alsoMonthFirst }
}

/** @returns the decimal separator, undefined when the values are no numbers or have no decimals */
export function numberFormOf(values: readonly string[]): '.' | ',' | undefined {
  const numbers = values.filter((value) => /^\s*[+-]?\d+(?:[.,]\d+)?\s*$/.test(value))
  if (numbers.length < SHARE * values.length) return undefined
  const commas = numbers.filter((value) => value.includes(',')).length
  const points = numbers.filter((value) => value.includes('.')).length
  return commas > points ? ',' : points > 0 ? '.' : undefined
}

function dayIn(form: DateForm, value: string): string | undefined {
  const moment = form.moment(value, (local) => local)
  return moment === undefined ? undefined : new Date(moment.time).toISOString().slice(0, 10)
}

/** Digits in a row are a date in many forms: the year decides. */
function plausible(day: string | undefined): boolean {
  return day !== undefined && day >= '1850' && day < '2200'
}

function share(values: readonly string[], fits: (value: string) => boolean): number {
  return values.length === 0 ? 0 : values.filter(fits).length / values.length
}
