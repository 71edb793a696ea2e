/** Invented dates, in the many ways that notes write them. */
import type { Language } from '../types.ts'
import { cased, pick, type Random, type Slot } from './letters.ts'
import { two } from './numbers.ts'
import { words } from './words.ts'

interface Dates {
  /** @param from first year @param to year after the last */
  readonly date: (r: Random, from?: number, to?: number) => string
  readonly dayMonth: Slot
  readonly monthYear: Slot
}

export function dates(language: Language): Dates {
  const w = words(language)
  const dateParts = (r: Random, from = 1990, to = 2060) => ({
    d: 1 + r.below(28 + r.below(4)),
    m: 1 + r.below(12),
    y: from + r.below(to - from),
  })
  const date = (r: Random, from?: number, to?: number) => writeDate(r, dateParts(r, from, to))
  const writeDate = (r: Random, { d, m, y }: { d: number; m: number; y: number }): string => {
    const [dd, mm, yy] = [
      r.below(4) ? two(d) : String(d),
      r.below(4) ? two(m) : String(m),
      r.below(5) ? String(y) : two(y % 100),
    ]
    const month = cased(r, pick(r, w.months[m - 1] as readonly string[]))
    if (language === 'en') {
      const dice = r.below(24)
      if (dice < 9) return `${mm}/${dd}/${yy}`
      if (dice < 11) return `${mm}-${dd}-${yy}`
      if (dice < 13) return `${y}-${two(m)}-${two(d)}`
      if (dice < 17) return `${month} ${d}, ${y}`
      if (dice === 17) return `${month} ${d} ${y}`
      if (dice === 18) return `${d} ${month} ${y}`
      if (dice === 19) return `${d}-${month}-${yy}`
      if (dice === 20) return `${month} ${d}${pick(r, ['th', 'st', 'nd'])}, ${y}`
      if (dice === 21) return `${mm}/${dd}`
      if (dice === 22) return `the ${d}th of ${month}`.slice(4)
      return `${month} ${d}`
    }
    const dice = r.below(40)
    if (dice < 20) return `${dd}/${mm}/${yy}`
    if (dice < 22) return `${dd}-${mm}-${yy}`
    if (dice < 24) return `${dd}.${mm}.${yy}`
    if (dice < 30) return `${d === 1 ? '1er' : dd} ${month} ${yy}`
    if (dice === 30) return `${dd} / ${mm} / ${y}`
    if (dice === 31) return `${y}-${two(m)}-${two(d)}`
    if (dice === 32) return `${two(d)}${two(m)}${y}`
    if (dice === 33) return `${w.days[d - 1]} ${month} ${w.year(y)}`
    if (dice === 34) return `${w.days[d - 1]} ${two(m)} ${y}`
    if (dice === 35) return `${dd}${month}${y}`
    if (dice === 36) return `${two(d)}${two(m)}${y}`.split('').join(' ')
    if (dice === 37) return `${dd}|${mm}|${y}`
    if (dice === 38) return `${dd} ${mm} ${y}`
    return `${dd} ${month}, ${y}`
  }
  const dayMonth: Slot = (r) => {
    const { d, m } = dateParts(r)
    const month = cased(r, pick(r, w.months[m - 1] as readonly string[]))
    const dice = r.below(8)
    if (language === 'en') return dice < 4 ? `${m}/${d}` : `${month} ${d}`
    return dice < 3
      ? `${two(d)}/${two(m)}`
      : dice === 3
        ? `${d}/${m}`
        : dice === 4
          ? `${two(d)}.${two(m)}`
          : dice === 5
            ? `${two(d)}${month.slice(0, 3)}`
            : `${d} ${month}`
  }
  const monthYear: Slot = (r) => {
    const { m, y } = dateParts(r, 1960, 2040)
    const month = cased(r, pick(r, w.months[m - 1] as readonly string[]))
    const dice = r.below(10)
    if (dice < 6) return `${month} ${y}`
    if (dice === 6) return `${two(m)}/${y}`
    if (dice === 7)
      return `${pick(r, language === 'fr' ? ['fin', 'début', 'mi'] : ['early', 'late', 'mid'])}${language === 'en' && r.below(2) ? ' ' : ' '}${y}`
    if (dice === 8) return `${m}/${y}`
    return language === 'fr' ? `${month.slice(0, 3)}${y}` : `${month} of ${y}`
  }
  return { date, dayMonth, monthYear }
}
