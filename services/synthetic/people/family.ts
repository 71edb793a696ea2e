/**
 * Households: people who live together share a home, often a name, sometimes a birth date. They contain
 * the persons whom the linkage must distinguish: twins, fathers and sons, couples, homonyms.
 */
import { COMMUNES, type Commune } from '../data/communes.ts'
import { FAMILY_NAMES } from '../data/family-names.ts'
import { type BinarySex, givenNames } from '../data/given-names.ts'
import { ORIGINS, type Origin } from '../data/origins.ts'
import { phoneNumber, streetAddress } from '../data/streets.ts'
import type { Random } from '../random.ts'
import { DAY_MS, type Home, YEAR_MS } from './person.ts'

/** A person as the family makes them; the population adds numbers, contact data and conditions. */
export interface Draft {
  readonly sex: BinarySex
  readonly birthMs: number
  readonly birthPlace: string
  readonly birthFamilyName: string
  readonly givenNames: readonly string[]
  readonly usedFamilyName: string
  readonly home: Home
}

const TWIN_SHARE_OF_BIRTHS = 0.017
const BORN_ABROAD = 0.13
/** A French name after a parent: homonyms in one family. */
const NAMED_AFTER_PARENT = 0.03

interface Name {
  readonly family: string
  readonly origin: Origin | null
}

/** @param startMs no birth date is later */
export function household(random: Random, startMs: number): Draft[] {
  const commune = COMMUNES.draw(random)
  const home: Home = { line: streetAddress(random), commune, phone: phoneNumber(random, false) }
  const kind = random.next()
  if (kind < 0.34) return [adult(random, home, startMs, adultAge(random), random.chance(0.56) ? 'female' : 'male')]
  const age = kind < 0.64 ? 24 + random.next() * 68 : 24 + random.next() * 26
  const couple = pair(random, home, startMs, age)
  return kind < 0.64 ? couple : [...couple, ...children(random, home, startMs, couple)]
}

/** Old people go to hospital more often than others. */
function adultAge(random: Random): number {
  return random.chance(0.55) ? 55 + random.next() * 42 : 19 + random.next() * 40
}

function adult(random: Random, home: Home, startMs: number, age: number, sex: BinarySex): Draft {
  const name = familyName(random)
  const birthMs = birthDay(random, startMs, age)
  const used = sex === 'female' && age > 30 && random.chance(0.4) ? familyName(random).family : name.family
  return draft(random, home, sex, birthMs, name, used)
}

function pair(random: Random, home: Home, startMs: number, age: number): Draft[] {
  const wifeFirst = random.chance(0.5)
  const one = adult(random, home, startMs, age, 'male')
  const other = familyName(random)
  const sex: BinarySex = random.chance(0.97) ? 'female' : 'male'
  const birthMs = birthDay(random, startMs, Math.max(19, age + random.normal(-2, 4)))
  const married = random.chance(Math.min(0.85, 0.25 + age / 100))
  const used =
    sex === 'female' && married
      ? random.chance(0.9)
        ? one.birthFamilyName
        : `${other.family}-${one.birthFamilyName}`
      : other.family
  const two = draft(random, home, sex, birthMs, other, used)
  return wifeFirst ? [two, one] : [one, two]
}

function children(random: Random, home: Home, startMs: number, parents: readonly Draft[]): Draft[] {
  const mother = parents.find(({ sex }) => sex === 'female') ?? parents[0]
  const father = parents.find(({ sex }) => sex === 'male') ?? parents[1]
  if (!mother || !father) return []
  const oldest = Math.min((startMs - mother.birthMs) / YEAR_MS - 19, 24)
  const count = random.int(1, 3)
  const family =
    random.chance(0.1) && !/[- ]/.test(mother.birthFamilyName + father.birthFamilyName)
      ? `${father.birthFamilyName} ${mother.birthFamilyName}`
      : father.birthFamilyName
  const made: Draft[] = []
  for (let i = 0; i < count; i++) {
    const birthMs = birthDay(random, startMs, 0.05 + random.next() * Math.max(0.5, oldest))
    const place = random.chance(0.7) ? home.commune.insee : COMMUNES.draw(random).insee
    const bornTogether = random.chance(TWIN_SHARE_OF_BIRTHS) ? 2 : 1
    const sameSex = random.chance(0.65)
    let sex: BinarySex = random.chance(0.51) ? 'male' : 'female'
    for (let twin = 0; twin < bornTogether; twin++) {
      if (twin === 1 && !sameSex) sex = sex === 'male' ? 'female' : 'male'
      const parent = sex === 'male' ? father : mother
      const after = random.chance(NAMED_AFTER_PARENT) ? parent.givenNames[0] : undefined
      let names = pickNames(random, sex, birthMs, null, after)
      // Twins never have the same first given name.
      while (made.some((sibling) => sibling.givenNames[0] === names[0])) names = pickNames(random, sex, birthMs, null)
      made.push({
        sex,
        birthMs,
        birthPlace: place,
        birthFamilyName: family,
        givenNames: names,
        usedFamilyName: family,
        home,
      })
    }
  }
  return made
}

function draft(random: Random, home: Home, sex: BinarySex, birthMs: number, name: Name, used: string): Draft {
  const abroad = name.origin !== null && random.chance(0.75)
  const birthPlace =
    abroad && name.origin ? random.pick(name.origin.countries) : birthCommune(random, home.commune).insee
  return {
    sex,
    birthMs,
    birthPlace,
    birthFamilyName: name.family,
    givenNames: pickNames(random, sex, birthMs, name.origin),
    usedFamilyName: used,
    home,
  }
}

function birthCommune(random: Random, home: Commune): Commune {
  return random.chance(0.4) ? home : COMMUNES.draw(random)
}

function familyName(random: Random): Name {
  const origin = random.chance(BORN_ABROAD / 0.75) ? ORIGINS.draw(random) : null
  if (origin) return { family: origin.families.draw(random), origin }
  const family = FAMILY_NAMES.draw(random)
  return {
    family: random.chance(0.015) && !/[- ’]/.test(family) ? `${family}-${FAMILY_NAMES.draw(random)}` : family,
    origin: null,
  }
}

function pickNames(random: Random, sex: BinarySex, birthMs: number, origin: Origin | null, first?: string): string[] {
  const list = origin ? origin[sex] : givenNames(sex, new Date(birthMs).getUTCFullYear())
  const names = [first ?? list.draw(random)]
  const wanted = origin ? 1 : random.chance(0.3) ? 1 : random.chance(0.6) ? 2 : 3
  for (let tries = 0; names.length < wanted && tries < 8; tries++) {
    const next = list.draw(random)
    if (!names.includes(next)) names.push(next)
  }
  return names
}

function birthDay(random: Random, startMs: number, age: number): number {
  const day = Math.floor((startMs - Math.max(0.02, age) * YEAR_MS) / DAY_MS) + random.int(-3, 0)
  return day * DAY_MS
}
