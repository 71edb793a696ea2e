/** A hospital: its name, its staff, and its conventions, which differ between hospitals: numbers, spelling, time offsets, codes. */
import { type Commune, HOSPITAL_TOWNS } from '../data/communes.ts'
import { FAMILY_NAMES } from '../data/family-names.ts'
import { givenNames } from '../data/given-names.ts'
import { phoneNumber } from '../data/streets.ts'
import { rppsOf } from '../people/nir.ts'
import { randomOf } from '../random.ts'

export interface Doctor {
  /** As printed under a letter, for instance `Dr Anne MOREL`. */
  readonly signature: string
  readonly rpps: string
}

/** `upper`: capitals without accents, as the INS teleservice returns names. */
export type Spelling = 'title' | 'upper' | 'upper-accents'

export interface Hospital {
  readonly index: number
  /** Name of the producer, which has its API key. */
  readonly producer: string
  readonly name: string
  readonly commune: Commune
  readonly phone: string
  readonly spelling: Spelling
  /** Timestamps with +01:00 instead of Z. */
  readonly plusOne: boolean
  /** Drugs by UCD, else by ATC. */
  readonly usesUcd: boolean
  readonly doctors: readonly Doctor[]
  readonly units: readonly string[]
  /** @param n 0, 1, 2... @returns the number of patient n, unique within the hospital */
  ipp(n: number): string
  /** @param n 0, 1, 2... */
  nda(n: number, year: number): string
}

export const DEATH_REGISTER = 'death-register'

const KINDS = [
  'CHU de',
  'Centre hospitalier de',
  'Clinique Saint-Luc de',
  'Hôpital privé de',
  'Centre hospitalier intercommunal de',
  'Institut Curie-Dumas de',
] as const
const SPELLINGS: readonly Spelling[] = ['upper', 'title', 'upper-accents']
const SPACE = 10_000_000
/** Coprime with the space, so that each n has its own number. */
const STRIDE = 3_141_593

const IPP_FORMS: readonly ((digits: string, hospital: number) => string)[] = [
  (digits) => `80${digits}`,
  (digits) => digits.padStart(10, '0'),
  (digits, hospital) => `H${hospital + 1}-${digits}`,
  (digits) => `${digits.slice(0, 3)}.${digits.slice(3)}`,
  (digits) => `P${digits}X`,
]

/** @returns the producer's name of the hospital at `index` */
export function producerOf(index: number): string {
  return `hospital-${index + 1}`
}

export function hospitalOf(seed: string, index: number): Hospital {
  const producer = producerOf(index)
  const random = randomOf(`${seed}/${producer}`)
  const commune = HOSPITAL_TOWNS[(index * 7 + 3) % HOSPITAL_TOWNS.length] as Commune
  const shift = random.int(0, SPACE - 1)
  const form = IPP_FORMS[index % IPP_FORMS.length] as (typeof IPP_FORMS)[number]
  const doctors = Array.from({ length: 24 }, () => {
    const given = givenNames(random.chance(0.5) ? 'female' : 'male', random.int(1958, 1993)).draw(random)
    const family = FAMILY_NAMES.draw(random)
    return {
      signature: `${random.chance(0.12) ? 'Pr' : 'Dr'} ${given} ${random.chance(0.7) ? family.toUpperCase() : family}`,
      rpps: rppsOf(random.int(1_000_000, 99_999_999)),
    }
  })
  return {
    index,
    producer,
    name: `${KINDS[index % KINDS.length]} ${commune.name}`,
    commune,
    phone: phoneNumber(random, false),
    spelling: SPELLINGS[index % SPELLINGS.length] as Spelling,
    plusOne: index % 2 === 1,
    usesUcd: index % 3 !== 2,
    doctors,
    units: Array.from({ length: 30 }, () => String(random.int(1000, 9899))),
    ipp: (n) => form(String((n * STRIDE + shift) % SPACE).padStart(7, '0'), index),
    nda: (n, year) =>
      index % 2 === 0
        ? `${year % 100}${String(n + 1).padStart(7, '0')}`
        : `E${year}-${String(n + 100).padStart(6, '0')}`,
  }
}

/** @returns the name as this hospital's registration desk writes names */
export function spell(text: string, spelling: Spelling): string {
  if (spelling === 'title') return text
  const plain = text.replaceAll('’', "'")
  if (spelling === 'upper-accents') return plain.toUpperCase()
  return plain
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toUpperCase()
    .replaceAll('Œ', 'OE')
    .replaceAll('Æ', 'AE')
    .replaceAll('Ł', 'L')
    .replaceAll('Đ', 'D')
}
