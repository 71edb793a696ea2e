/** What stands in the place of an identifier: consistent for a patient, different for another one, and nobody's own. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { detectInText } from '#core/guards/detect.ts'
import { isValidNir } from '#core/rules/check-digits.ts'
import { fold } from '../../../../services/deidentify/text/characters.ts'
import { scan } from '../../../../services/deidentify/text/engine.ts'
import { knownOf } from '../../../../services/deidentify/text/known/known.ts'
import { replaceSpans } from '../../../../services/deidentify/text/replace.ts'
import { loadResources } from '../../../../services/deidentify/text/resources.ts'
import { keyed } from '../../../../services/deidentify/text/surrogates/keyed.ts'
import { namesFor } from '../../../../services/deidentify/text/surrogates/names-of-people.ts'
import { surrogatesOf } from '../../../../services/deidentify/text/surrogates/surrogates.ts'
import { KINDS, type Kind, type Language } from '../../../../services/deidentify/text/types.ts'

const keyOf = (patient: string): Buffer => createHash('sha256').update(patient).digest()
const NOBODY = { identifiers: [], numbers: [], words: new Set<string>(), birthDates: [] }
const PATIENTS = Array.from({ length: 200 }, (_, i) => `patient ${i}`)
const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz')

function surrogate(patient: string, kind: Kind, written: string, language: Language = 'fr', known?: unknown): string {
  const of = surrogatesOf(keyOf(patient), language, known === undefined ? undefined : knownOf(known))
  return of({ start: 0, end: written.length, kind }, written) ?? `[${kind}]`
}

const VALUES: readonly (readonly [Kind, string])[] = [
  ['name', 'Jeanne'],
  ['name', 'Pierre'],
  ['name', 'DUPONT'],
  ['name', 'Le Floc’h'],
  ['name', 'Zqworvh'],
  ['professional', 'Marie-Thérèse de La Fontaine'],
  ['city', 'Saint-Étienne'],
  ['postcode', '69003'],
  ['address', '12 bis rue des Lilas'],
  ['hospital', 'Bichat'],
  ['phone', '06 12 34 56 78'],
  ['fax', '+33 (0)1 44 55 66 77'],
  ['email', 'jeanne.dupont@orange.fr'],
  ['url', 'https://www.dupont.fr/jeanne'],
  ['nir', '2 56 04 69 123 456 78'],
  ['ipp', '8012939402'],
]

describe('a surrogate', () => {
  test.each(VALUES)('of a %s, %s, is the same for one patient, and never what stood there', (kind, written) => {
    const made = PATIENTS.map((patient) => surrogate(patient, kind, written))
    expect(PATIENTS.map((patient) => surrogate(patient, kind, written))).toEqual(made)
    const words = (text: string) => fold(text).match(/\p{L}{4,}|\d{3,}/gu) ?? []
    const own: readonly string[] = words(written)
    const isName = kind === 'name' || kind === 'professional'
    // Of a name each word is another one; which other one does not depend on the words beside it. The scheme of an address stays.
    for (const one of made)
      expect(
        words(one).filter((word, i) => word !== 'https' && (isName ? word === own[i] : own.includes(word))),
      ).toEqual([])
  })

  test('is another one for another patient with the same name', () => {
    const full = PATIENTS.map(
      (patient) => `${surrogate(patient, 'name', 'Jeanne')} ${surrogate(patient, 'name', 'DUPONT')}`,
    )
    // Chance: 19,900 pairs, and some thousand names for each patient.
    expect(new Set(full).size).toBeGreaterThan(PATIENTS.length - 12)
    for (const kind of ['nir', 'ipp'] as const)
      expect(new Set(PATIENTS.map((patient) => surrogate(patient, kind, '8012939402'))).size).toBe(PATIENTS.length)
  })

  test('depends on the key: none of two keys says anything of the other, and no value has a favourite', () => {
    const counts = new Map<string, number>()
    for (const patient of PATIENTS) {
      const name = surrogate(patient, 'name', 'Dupont').slice(0, 1)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    expect(counts.size).toBeGreaterThan(20)
    expect(Math.max(...counts.values())).toBeLessThan(30)
    expect(counts.has('D')).toBe(false)
  })

  test('is the same however the value is written', () => {
    for (const patient of PATIENTS.slice(0, 20)) {
      const plain = fold(surrogate(patient, 'name', 'Hélène'))
      expect(fold(surrogate(patient, 'name', 'HELENE'))).toBe(plain)
      expect(fold(surrogate(patient, 'professional', 'helene'))).toBe(plain)
      expect(fold(surrogate(patient, 'name', 'Hé-\nlène'))).toBe(plain)
      expect(fold(surrogate(patient, 'name', 'H E L E N E'))).toBe(plain)
      const digits = (text: string) => text.replace(/\D/g, '').slice(-9)
      const phone = digits(surrogate(patient, 'phone', '06 12 34 56 78'))
      expect(digits(surrogate(patient, 'phone', '+33 6.12.34.56.78'))).toBe(phone)
      expect(digits(surrogate(patient, 'fax', '0033(0)612345678'))).toBe(phone)
      expect(surrogate(patient, 'ipp', '80-129 394 02')).toBe(surrogate(patient, 'ipp', '8012939402'))
    }
  })

  test('is written as what it replaces', () => {
    for (const patient of PATIENTS.slice(0, 50)) {
      expect(surrogate(patient, 'name', 'DUPONT')).toMatch(/^[A-Z]{3,}$/)
      expect(surrogate(patient, 'name', 'Dupont')).toMatch(/^\p{Lu}[\p{Ll}]{2,}$/u)
      expect(surrogate(patient, 'name', 'dupont')).toMatch(/^[a-z]{3,}$/)
      expect(surrogate(patient, 'phone', '06.12.34.56.78')).toMatch(/^06\.39\.98\.\d\d\.\d\d$/)
      expect(surrogate(patient, 'phone', '+33 6 12 34 56 78')).toMatch(/^\+33 6 39 98 \d\d \d\d$/)
      expect(surrogate(patient, 'phone', '(617) 555-2368', 'en')).toMatch(/^\(\d{3}\) 555-01\d\d$/)
      expect(surrogate(patient, 'address', '12, RUE DES LILAS')).toMatch(/^\d{1,3}, RUE [^a-z]+$/)
      expect(surrogate(patient, 'address', '3 Rue des Lilas')).toMatch(/^\d{1,3} Rue (?:d[eu']|\p{Lu})/u)
      expect(surrogate(patient, 'address', '1182 Quarry Hill Road, Apt 4C', 'en')).not.toMatch(/quarry|hill/i)
      expect(surrogate(patient, 'address', '14 Kloof Nek Road', 'en')).toMatch(/^\d{1,3} \p{Lu}\p{L}+ Road$/u)
      expect(surrogate(patient, 'city', 'Lyon cedex 03')).toMatch(/ cedex 03$/)
      expect(surrogate(patient, 'postcode', '69 003')).toMatch(/^\d{2} \d{3}$/)
      expect(surrogate(patient, 'postcode', 'SW1A 1AA', 'en')).toMatch(/^[A-Z]{2}\d[A-Z] \d[A-Z]{2}$/)
      expect(surrogate(patient, 'hospital', 'Mercy Medical Center', 'en')).toMatch(/^\p{Lu}\p{L}+ Medical Center$/u)
    }
  })

  test('has the sex of the given name', () => {
    const lists = (value: string, language: Language) => LETTERS.flatMap((letter) => namesFor(value, letter, language))
    for (const language of ['fr', 'en'] as const) {
      const [women, men] = [new Set(lists('jeanne', language)), new Set(lists('pierre', language))]
      for (const patient of PATIENTS.slice(0, 50)) {
        expect(women).toContain(surrogate(patient, 'name', 'Jeanne', language))
        expect(men).toContain(surrogate(patient, 'name', 'Pierre', language))
      }
    }
  })

  test('keeps which parts of names are the same, and the initials of a name', () => {
    for (const patient of PATIENTS.slice(0, 50)) {
      const [birth, used, married] = ['Dupont', 'Martin', 'Dupont-Martin'].map((one) => surrogate(patient, 'name', one))
      expect(married).toBe(`${birth}-${used}`)
      expect(surrogate(patient, 'name', 'J.-P. D.')).toBe(
        ['Jean', 'Paul', 'Durand']
          .map((one) =>
            fold(surrogate(patient, 'name', one))
              .slice(0, 1)
              .toUpperCase(),
          )
          .join(' ')
          .replace(/(.) (.) (.)/, '$1.-$2. $3.'),
      )
      expect(surrogate(patient, 'name', 'de La Fontaine')).toMatch(/^de La \p{Lu}/u)
      expect(surrogate(patient, 'name', "Smith's", 'en')).toBe(`${surrogate(patient, 'name', 'Smith', 'en')}'s`)
    }
  })

  test('is none of the traits that are known of the patient', () => {
    for (const patient of PATIENTS.slice(0, 100)) {
      const free = surrogate(patient, 'name', 'Jeanne')
      const second = surrogate(patient, 'name', 'Jeanne', 'fr', { given_name: free })
      expect(fold(second)).not.toBe(fold(free))
      const town = surrogate(patient, 'city', 'Lyon')
      expect(surrogate(patient, 'city', 'Lyon', 'fr', { city: town.toUpperCase() })).not.toBe(town)
      const phone = surrogate(patient, 'phone', '06 12 34 56 78')
      expect(surrogate(patient, 'phone', '06 12 34 56 78', 'fr', { phone })).not.toBe(phone)
    }
    const letter = fold(surrogate('one', 'name', 'Jeanne')).slice(0, 1)
    const all = namesFor('jeanne', letter, 'fr')
    expect(surrogate('one', 'name', 'Jeanne', 'fr', { names: all })).toBe('[name]')
  })

  test('of a number is no number of anybody; dates and ages have none', () => {
    for (const kind of KINDS) {
      const made = surrogate('one', kind, '2 56 04 69 123 456 78')
      if (['name', 'professional', 'city', 'postcode', 'address', 'hospital', 'email', 'url'].includes(kind)) continue
      if (kind === 'date' || kind === 'birth_date' || kind === 'age_over_89') expect(made).toBe(`[${kind}]`)
      else expect(made).toMatch(new RegExp(`^\\[${kind.toUpperCase()}-[B-Z]{6}\\]$`))
      expect(isValidNir(made.replace(/\D/g, ''))).toBe(false)
      expect(detectInText(made, () => NOBODY)).toBeUndefined()
    }
    expect(surrogate('one', 'phone', '4471')).toMatch(/^\[PHONE-/)
  })
})

test('initials are exchanged by one cycle: none stays, no two become one', () => {
  for (const patient of PATIENTS) {
    const to = LETTERS.map((letter) => keyed(keyOf(patient)).initial(letter))
    expect(new Set(to).size).toBe(26)
    expect(to.filter((letter, i) => letter === LETTERS[i])).toEqual([])
  }
})

test.each(['fr', 'en'] as const)('there are names for each letter and sex: %s', (language) => {
  for (const letter of LETTERS)
    for (const like of ['jeanne', 'pierre', 'dupont'])
      expect(namesFor(like, letter, language).length, `${like} ${letter}`).toBeGreaterThan(like === 'dupont' ? 25 : 2)
})

test('a text with surrogates has none of what was found, and every other word', () => {
  const text =
    'Mme DUPONT Jeanne, née le 03/04/1956, IPP 8012939402, 12 rue des Lilas, 69003 Lyon. Maladie de Parkinson, KARDEGIC 75 mg. Dr Paul Lefort, Tél. 04 72 11 22 33'
  const spans = scan(text, loadResources('fr'), { language: 'fr' })
  const out = replaceSpans(text, spans, surrogatesOf(keyOf('one'), 'fr'))
  expect(out).not.toMatch(/dupont|jeanne|8012939402|lilas|69003|lyon|lefort|04 72 11 22 33|1956/i)
  expect(out).toContain('[BIRTH_DATE]')
  expect(out).toContain('Maladie de Parkinson, KARDEGIC 75 mg. Dr ')
  expect(out).toMatch(/^Mme \p{Lu}{3,} \p{Lu}\p{L}+, née le \[BIRTH_DATE\], IPP \[IPP-[B-Z]{6}\], \d+ rue /u)
})
