/** Errors that people make when they type traits. Each function makes exactly one error, and never returns its input unchanged. */
import { DAY_MS, dateOf } from '../people/person.ts'
import type { Random } from '../random.ts'

/** Neighbours on a French keyboard. */
const NEAR: Readonly<Record<string, string>> = {
  a: 'zq',
  b: 'vn',
  c: 'xv',
  d: 'sf',
  e: 'zr',
  f: 'dg',
  g: 'fh',
  h: 'gj',
  i: 'uo',
  j: 'hk',
  k: 'jl',
  l: 'km',
  m: 'lp',
  n: 'bh',
  o: 'ip',
  p: 'om',
  q: 'sa',
  r: 'et',
  s: 'qd',
  t: 'ry',
  u: 'yi',
  v: 'cb',
  w: 'xs',
  x: 'wc',
  y: 'tu',
  z: 'ae',
}

/** A letter replaced, left out or doubled, or two letters swapped. In a text of less than two letters, a letter is doubled. */
export function mistype(text: string, random: Random): string {
  const letters = Array.from(text)
  const at = random.int(0, Math.max(0, letters.length - 2))
  const letter = letters[at] ?? 'x'
  const next = letters[at + 1]
  const kind = random.int(0, 3)
  if (next !== undefined && kind === 0 && letter !== next) return replace(letters, at, 2, next + letter)
  if (next !== undefined && kind === 1) return replace(letters, at, 1, '')
  const near = NEAR[letter.toLowerCase()]
  if (kind !== 3 && near) {
    const wrong = random.pick(Array.from(near))
    return replace(letters, at, 1, letter === letter.toLowerCase() ? wrong : wrong.toUpperCase())
  }
  return replace(letters, at, 1, letter + letter)
}

/** One digit of the 13 before the key is wrong, so that the typed key is wrong for most. */
export function mistypeNumber(text: string, random: Random): string {
  const at = random.int(1, 12)
  const digit = text.charCodeAt(at) - 48
  if (digit < 0 || digit > 9) return mistypeNumber(text, random)
  return `${text.slice(0, at)}${(digit + random.int(1, 9)) % 10}${text.slice(at + 1)}`
}

/** About a day, a month, a year or ten of them away from the right date; a date of the calendar, from 1901 to `latestMs`. */
export function mistypeDate(date: string, latestMs: number, random: Random): string {
  const ms = Date.parse(`${date}T00:00:00Z`)
  const shifts = [1, -1, 10, -10, 30, -30, 365, -365, 3652, -3652]
  const first = random.int(0, shifts.length - 1)
  for (let i = 0; i < shifts.length; i++) {
    const wrong = ms + (shifts[(first + i) % shifts.length] ?? 0) * DAY_MS
    if (wrong <= latestMs && wrong >= Date.UTC(1901, 0, 1)) return dateOf(wrong)
  }
  return dateOf(ms - DAY_MS)
}

/** @returns the date with day and month swapped, or null when that is the same date, no date, or after `latestMs` */
export function swapDayAndMonth(date: string, latestMs: number): string | null {
  const [year, month, day] = date.split('-')
  if (Number(day) > 12 || day === month) return null
  const swapped = `${year}-${day}-${month}`
  return Date.parse(`${swapped}T00:00:00Z`) <= latestMs ? swapped : null
}

function replace(letters: readonly string[], at: number, count: number, by: string): string {
  return [...letters.slice(0, at), by, ...letters.slice(at + count)].join('')
}
