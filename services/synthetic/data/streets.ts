/** Streets and numbers of addresses, and telephone numbers of works of fiction. */
import { FICTION, FICTION_MOBILE, STREETS } from '#core/people/streets.ts'
import type { Random } from '../random.ts'

const WAYS = [
  'rue',
  'rue',
  'rue',
  'rue',
  'avenue',
  'avenue',
  'boulevard',
  'place',
  'allée',
  'impasse',
  'chemin',
  'résidence',
] as const

export function streetAddress(random: Random): string {
  const suffix = random.chance(0.06) ? random.pick([' bis', ' ter', ' A', ' B']) : ''
  const line = `${random.int(1, random.chance(0.8) ? 60 : 280)}${suffix} ${random.pick(WAYS)} ${random.pick(STREETS)}`
  return random.chance(0.12) ? `${line}, appt ${random.int(1, 80)}` : line
}

/** @returns ten digits: a mobile one, or one of the region; only 10,000 each exist, so several people have the same one */
export function phoneNumber(random: Random, mobile: boolean): string {
  const rest = String(random.int(0, 9999)).padStart(4, '0')
  return mobile ? `${FICTION_MOBILE}${rest}` : `${random.pick(FICTION)}${rest}`
}
