/**
 * The true persons, made one household after another when hospitals need them, so that the first persons of a run are
 * the same whatever the size of the run. The NIR, which must be unique among all, is numbered here.
 */
import { CONDITIONS, shareAt } from '../data/conditions.ts'
import { phoneNumber } from '../data/streets.ts'
import { type Random, randomOf } from '../random.ts'
import { type Draft, household } from './family.ts'
import { nirOf } from './nir.ts'
import { dateOf, type Person, YEAR_MS } from './person.ts'

export interface Population {
  /** Maximum number of persons. */
  readonly size: number
  /** Persons made so far. */
  readonly persons: readonly Person[]
  /** Makes the next household, cut at `size`. @returns its persons; none when all are made */
  grow(): readonly Person[]
}

/** INSEE numbers the births of a month and commune from 1; ours start at any number, so that the number says nothing about rare places. */
const ORDERS = 999
const MAIL_DOMAINS = ['courriel.example', 'mail.example', 'boite.example'] as const

/** @param startMs no birth date is later */
export function population(seed: string, size: number, startMs: number): Population {
  const orders = new Map<string, number>()
  const persons: Person[] = []
  let households = 0

  function complete(draft: Draft, random: Random): Person {
    const index = persons.length
    const age = (startMs - draft.birthMs) / YEAR_MS
    const mobile = age >= 12 && random.chance(age > 75 ? 0.45 : 0.9)
    let conditions = 0
    CONDITIONS.forEach((condition, bit) => {
      if (condition.onlySex && condition.onlySex !== draft.sex) return
      if (random.chance(shareAt(condition, age))) conditions |= 1 << bit
    })
    return {
      ...draft,
      index,
      id: `person-${hex(random)}${hex(random)}`,
      birthDate: dateOf(draft.birthMs),
      nir: nextNir(draft, orders),
      nirKnown: random.chance(0.985),
      phone: mobile ? phoneNumber(random, true) : draft.home.phone,
      email: age >= 15 && random.chance(age > 75 ? 0.25 : 0.7) ? mailOf(draft, random) : null,
      conditions,
      relative: null,
      lastSeenMs: 0,
      diedMs: null,
    }
  }

  return {
    size,
    persons,
    grow() {
      if (persons.length >= size) return []
      const random = randomOf(`${seed}/household/${households++}`)
      const members: Person[] = []
      for (const draft of household(random, startMs).slice(0, size - persons.length)) {
        const person = complete(draft, random)
        persons.push(person)
        members.push(person)
      }
      for (const person of members) {
        const other = members.find((candidate) => candidate !== person)
        if (other) person.relative = `${other.givenNames[0]} ${other.usedFamilyName}`
      }
      return members
    },
  }
}

/** People of the same sex, month and commune get consecutive numbers, as twins do. */
function nextNir(draft: Draft, orders: Map<string, number>): string {
  const birth = new Date(draft.birthMs)
  const [year, month] = [birth.getUTCFullYear(), birth.getUTCMonth() + 1]
  const key = `${draft.sex}${year % 100}-${month}${draft.birthPlace}`
  const count = orders.get(key) ?? 0
  if (count >= ORDERS) throw new RangeError('more people of one sex, month and commune than the NIR can number')
  orders.set(key, count + 1)
  const first = ((year % 100) * 7 + month * 131 + Number(draft.birthPlace.slice(2)) * 17) % ORDERS
  return nirOf(draft.sex === 'female', year, month, draft.birthPlace, ((first + count) % ORDERS) + 1)
}

function mailOf(draft: Draft, random: Random): string {
  const plain = (text: string) =>
    text
      .normalize('NFD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replaceAll('œ', 'oe')
      .replaceAll('æ', 'ae')
      .replaceAll('ı', 'i')
      .replaceAll('ł', 'l')
      .replaceAll('đ', 'd')
      .replace(/[^a-z]/g, '')
  const given = plain(draft.givenNames[0] ?? '')
  const family = plain(draft.usedFamilyName)
  const number = random.chance(0.4) ? String(new Date(draft.birthMs).getUTCFullYear() % 100).padStart(2, '0') : ''
  return `${random.chance(0.7) ? `${given}.${family}` : `${given.slice(0, 1)}${family}`}${number}@${random.pick(MAIL_DOMAINS)}`
}

function hex(random: Random): string {
  return Math.floor(random.next() * 4_294_967_296)
    .toString(16)
    .padStart(8, '0')
}
