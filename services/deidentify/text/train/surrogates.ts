/** Invented identifiers for the slots of a grammar, in the many ways that notes write them. Each is `[value](tag)`. */
import type { Sources } from '../lexicon/build/sources.ts'
import type { Language } from '../types.ts'
import { dates } from './dates.ts'
import {
  abbreviation,
  capital,
  cased,
  drug,
  house,
  invented,
  letter,
  pick,
  plain,
  type Random,
  type Slot,
  typo,
} from './letters.ts'
import { accession, digits, ipp, luhn, mrn, nir, phone as phoneOf, two } from './numbers.ts'
import { places } from './places.ts'
import { words } from './words.ts'

type Names = Readonly<Record<Language, { readonly given: readonly string[]; readonly family: readonly string[] }>>

/** Common names are drawn more often than rare ones. */
const HEAD = 3_000

export function slots(language: Language, sources: Sources): Readonly<Record<string, Slot>> {
  const names: Names = {
    fr: { given: sources.givenFr, family: sources.familyFr },
    en: { given: sources.givenEn, family: sources.familyEn },
  }
  const { given, family } = names[language]
  const other = names[language === 'fr' ? 'en' : 'fr']
  const towns =
    language === 'fr'
      ? sources.communes.map(({ name }) => name)
      : sources.cities.filter(({ country }) => country === 'US' || country === 'GB').map(({ name }) => name)
  const big = sources.communes.filter(({ population }) => population > 20_000).map(({ name }) => name)
  const abroad = sources.cities.map(({ name }) => name)
  const ordinary = language === 'fr' ? sources.wordsFr : sources.wordsEn
  const ranked = (r: Random, list: readonly string[]) =>
    (r.below(2) ? list[r.below(Math.min(HEAD, list.length))] : pick(r, list)) as string

  const firstName = (r: Random): string => {
    const one = r.below(20) === 0 ? ranked(r, other.given) : ranked(r, given)
    const dice = r.below(20)
    if (dice === 0) return `${one}-${ranked(r, given)}`
    if (dice === 1 && language === 'fr') return `${one} ${ranked(r, given)}`
    return r.below(25) === 0 ? invented(r) : one
  }
  const lastName = (r: Random): string => {
    const dice = r.below(40)
    if (dice < 5) return invented(r)
    if (dice === 5)
      return `${pick(r, ['Le', 'De', 'El', 'Al', 'Ben', 'Van', 'Du', 'Da', 'De La', 'Abou', 'Aït', 'Mc', "O'", "D'", 'Von', 'San'])} ${ranked(r, family)}`.replace(
        "' ",
        "'",
      )
    if (dice === 6) return `${ranked(r, family)}-${ranked(r, family)}`
    if (dice === 7) return `${ranked(r, family)} ${ranked(r, family)}`
    if (dice === 8) return ranked(r, given)
    if (dice < 11) return ranked(r, other.family)
    if (dice === 11) return typo(r, ranked(r, family))
    return ranked(r, family)
  }
  const city = (r: Random): string => {
    const dice = r.below(12)
    if (dice === 0) return pick(r, abroad)
    if (dice < 5 && language === 'fr') return pick(r, big)
    if (dice === 5) return cityWord(r, pick(r, towns))
    return pick(r, towns)
  }
  const cityWord = (r: Random, name: string) =>
    r.below(2) ? name.replaceAll('-', ' ') : name.replace('Saint', 'St').replace('Sainte', 'Ste')
  const mark =
    (tag: string, make: Slot): Slot =>
    (r) =>
      `[${make(r)}](${tag})`
  const initial: Slot = (r) => {
    const first = firstName(r).slice(0, 1).toUpperCase()
    // M. is Monsieur.
    const letter = first === 'M' && language === 'fr' ? 'P' : first
    return r.below(8) === 0
      ? `${letter}${pick(r, ['-', '.-', '.'])}${firstName(r).slice(0, 1)}.`
      : r.below(8) === 0
        ? letter
        : `${letter}.`
  }
  const w = words(language)
  const { date, dayMonth, monthYear } = dates(language)
  const phone = phoneOf(language)
  const { street, hospital } = places(language, { firstName, lastName, city, big })
  const handle = (r: Random) =>
    plain(
      pick(r, [
        `${firstName(r)}.${lastName(r)}`,
        `${firstName(r).slice(0, 1)}${lastName(r)}`,
        `${lastName(r)}.${firstName(r)}`,
        `${firstName(r)}${r.below(100)}`,
        `secretariat.${lastName(r)}`,
        `${lastName(r)}`,
        `dr.${lastName(r)}`,
        `${firstName(r)}_${lastName(r)}`,
        `${lastName(r)}-${firstName(r)}`,
      ]),
    )
  const domain = (r: Random) =>
    pick(r, [...w.domains, `ch-${plain(city(r))}.fr`, `${plain(lastName(r))}.${pick(r, ['fr', 'com', 'org', 'net'])}`])
  const mail: Slot = (r) => `${handle(r)}${r.below(25) ? '@' : ' @ '}${domain(r)}`
  const upper =
    (make: Slot): Slot =>
    (r) =>
      make(r).toUpperCase()
  const zip: Slot = (r) =>
    language === 'fr'
      ? `${two(1 + r.below(95))}${pick(r, ['0', '1', '2', '3', '4', '5', '6', '7', '8'])}${pick(r, ['00', '10', '20', '30', '40', '50', '60', digits(r, 2)])}`
      : r.below(8)
        ? digits(r, 5)
        : `${digits(r, 5)}-${digits(r, 4)}`
  return {
    given: mark('given', (r) => capital(firstName(r))),
    GIVEN: mark('given', upper(firstName)),
    family: mark('family', (r) => capital(lastName(r))),
    FAMILY: mark('family', upper(lastName)),
    initial: mark('given', initial),
    initials: mark('given', (r) => lastName(r).slice(0, 2).toUpperCase()),
    initials2: mark('given', (r) => lastName(r).slice(0, 2).toLowerCase()),
    city: mark('city', city),
    CITY: mark('city', upper(city)),
    citycedex: mark(
      'city',
      (r) =>
        `${city(r)} ${pick(r, ['CEDEX', 'cedex', 'Cedex', `Cedex ${two(1 + r.below(20))}`, `CEDEX ${1 + r.below(20)}`])}`,
    ),
    hospshort: mark('hospital', (r) => pick(r, w.shortHospitals)),
    state: mark('city', (r) => pick(r, w.states)),
    statename: mark('city', (r) => pick(r, w.statenames)),
    zip: mark('postcode', zip),
    street: mark('address', street),
    STREET: mark('address', upper(street)),
    pobox: mark('address', (r) => `PO Box ${digits(r, 4)}`),
    hosp: mark('hospital', hospital),
    HOSP: mark('hospital', upper(hospital)),
    HOSPITAL: mark('hospital', upper(hospital)),
    date: mark('date', (r) => date(r)),
    birth: mark('date', (r) => (r.below(30) ? date(r, 1915, 2024) : `${digits(r, 8)}`.split('').join(' '))),
    daymonth: mark('date', dayMonth),
    monthyear: mark('date', monthYear),
    year: mark('date', (r) => String(1950 + r.below(110))),
    weekday: (r) => (language === 'en' ? `[${pick(r, w.weekdays)}](date)` : pick(r, w.weekdays)),
    phone: mark('phone', phone),
    poste: mark('phone', (r) => digits(r, 4 + r.below(2))),
    pager: mark('phone', (r) => digits(r, 4 + r.below(2))),
    mail: mark('email', mail),
    url: mark(
      'email',
      (r) =>
        `${pick(r, ['www.', 'https://', 'http://www.', 'www.'])}${plain(lastName(r))}.${pick(r, ['fr', 'com', 'org'])}${r.below(3) ? '' : `/${plain(firstName(r))}`}`,
    ),
    ip: mark('id', (r) => Array.from({ length: 4 }, () => r.below(256)).join('.')),
    nir: mark('nir', nir),
    ssn: mark('nir', (r) => `${digits(r, 3)}-${digits(r, 2)}-${digits(r, 4)}`),
    ipp: mark('id', ipp),
    nda: mark('id', (r) => digits(r, 9 + r.below(3))),
    mrn: mark('id', mrn),
    nhs: mark('id', (r) => `${digits(r, 3)} ${digits(r, 3)} ${digits(r, 4)}`),
    npi: mark('id', (r) => `1${digits(r, 9)}`),
    dea: mark('id', (r) => `${pick(r, ['A', 'B', 'F', 'M'])}${lastName(r).slice(0, 1).toUpperCase()}${digits(r, 7)}`),
    rpps: mark('id', (r) => pick(r, [luhn(`10${digits(r, 8)}`), luhn(`10${digits(r, 8)}`), digits(r, 9)])),
    finess: mark('id', (r) => `${two(1 + r.below(95))}0${digits(r, 6)}`),
    acc: mark('id', accession),
    card: mark('id', (r) => luhn(`4${digits(r, 14)}`)),
    iban: mark('id', (r) => `GB${two(10 + r.below(80))}BARC${digits(r, 14)}`),
    old: mark('date', (r) => String(90 + r.below(15))),
    age: (r) => String(1 + r.below(89)),
    n: (r) => String(10 + r.below(89)),
    time: (r) => `${two(r.below(24))}${pick(r, [':', 'h', ':'])}${two(r.below(60))}`,
    dpt: mark('postcode', (r) => two(1 + r.below(95))),
    Drug: (r) => capital(drug(r)),
    DRUG: (r) => drug(r).toUpperCase(),
    w: (r) => pick(r, ordinary),
    W: (r) => capital(pick(r, ordinary)),
    capword: (r) => capital(lastName(r)),
    abbr: abbreviation,
    day: mark('date', (r) => String(1 + r.below(31))),
    month: mark('date', (r) => cased(r, pick(r, w.months[r.below(12)] as readonly string[]))),
    house: mark('address', (r) => house(r, lastName(r), pick(r, w.houses))),
    ukzip: mark(
      'postcode',
      (r) => `${letter(r)}${r.below(2) ? letter(r) : ''}${1 + r.below(29)} ${r.below(10)}${letter(r)}${letter(r)}`,
    ),
    ukstreet: mark('address', (r) => {
      const type = pick(r, [
        'Road',
        'Street',
        'Close',
        'Crescent',
        'Gardens',
        'Grove',
        'Lane',
        'Terrace',
        'Avenue',
        'Way',
        'Mews',
        'Walk',
        'Hill',
      ])
      const before = pick(r, [
        '',
        '',
        '',
        `Flat ${1 + r.below(30)}, `,
        `Flat ${1 + r.below(4)}/${1 + r.below(4)}, `,
        `${house(r, lastName(r), pick(r, w.houses))}, `,
      ])
      return `${before}${1 + r.below(200)}${r.below(9) ? '' : 'A'} ${pick(r, [lastName(r), pick(r, w.streets), city(r)])} ${type}`
    }),
  }
}
