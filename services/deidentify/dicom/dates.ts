/** Dates and times of a data set (DA, DT, TM; PS3.5, 6.2), moved by whole days as those of the tables are. */
const DAY_MS = 86_400_000
const DATE = /^(\d{4})\.?(\d{2})\.?(\d{2})$/
const DATE_TIME = /^(\d{4})(\d{2})?(\d{2})?(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?([+-]\d{4})?$/
const TIME = /^\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?$/

/**
 * @param written one value
 * @returns undefined for what is none of that representation: it is not passed on
 */
export function moved(vr: string, written: string, days: number): string | undefined {
  const text = written.replaceAll('\0', '').trim()
  if (vr === 'TM') return TIME.test(text) ? text : undefined
  if (vr === 'DA') {
    const [, year, month, day] = DATE.exec(text) ?? []
    return year === undefined ? undefined : movedDay(`${year}${month}${day}`, days)
  }
  const [whole, year = '', month = '', day = '', time = '', offset = ''] = DATE_TIME.exec(text) ?? []
  if (whole === undefined || (day === '' && time !== '')) return undefined
  // A month or a year is cut to that again: the first of a month, moved by some days, would say by how many.
  const precision = year.length + month.length + day.length
  const first = `${year}${month || '01'}${day || '01'}`
  const to = movedDay(first, days)
  return to && `${to.slice(0, precision)}${time}${offset}`
}

/** @param day `YYYYMMDD` */
function movedDay(day: string, days: number): string | undefined {
  const iso = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}`
  const time = Date.parse(`${iso}T00:00:00Z`)
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== iso) return undefined
  const to = new Date(time + days * DAY_MS).toISOString()
  return to.length === '2026-01-01T00:00:00.000Z'.length ? to.slice(0, 10).replaceAll('-', '') : undefined
}
