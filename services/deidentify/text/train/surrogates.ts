/** Invented identifiers for the slots of a grammar, in the many ways that notes write them. Each is `[value](tag)`. */
import type { Sources } from '../lexicon/build/sources.ts'
import type { Language } from '../types.ts'
import { words } from './words.ts'

export interface Random {
  /** @returns an integer from 0 to below n */
  below(n: number): number
}
export type Slot = (random: Random) => string
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
  const pick = <T>(r: Random, list: readonly T[]): T => list[r.below(list.length)] as T
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
  const digits = (r: Random, n: number) => Array.from({ length: n }, () => r.below(10)).join('')
  const two = (n: number) => String(n).padStart(2, '0')
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
  const dateParts = (r: Random, from = 1990, to = 2060) => ({
    d: 1 + r.below(28 + r.below(4)),
    m: 1 + r.below(12),
    y: from + r.below(to - from),
  })
  const w = words(language)
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
  const phone: Slot = (r) => {
    if (language === 'en') {
      const [a, b, c] = [String(201 + r.below(790)), String(200 + r.below(800)), digits(r, 4)]
      return pick(r, [
        `${a}-${b}-${c}`,
        `(${a}) ${b}-${c}`,
        `${a}.${b}.${c}`,
        `(${a})${b}-${c}`,
        `${a} ${b} ${c}`,
        `+1 ${a} ${b} ${c}`,
        `1-${a}-${b}-${c}`,
        `${b}-${c}`,
        `${a}${b}${c}`,
        `(${a}) ${b}-${c} x${digits(r, 3)}`,
        `020 7${digits(r, 3)} ${c}`,
        `+44 20 7${digits(r, 3)} ${c}`,
      ])
    }
    const pairs = [`0${1 + r.below(9)}`, ...Array.from({ length: 4 }, () => digits(r, 2))]
    const dice = r.below(24)
    if (dice < 9) return pairs.join(' ')
    if (dice < 13) return pairs.join('.')
    if (dice < 16) return pairs.join('')
    if (dice === 16) return pairs.join('-')
    if (dice === 17) return `+33 ${pairs.join(' ').slice(1)}`
    if (dice === 18) return `+33${pairs.join('').slice(1)}`
    if (dice === 19) return `0033 ${pairs.join(' ').slice(1)}`
    if (dice === 20) return `${pairs[0]} ${digits(r, 4)} ${digits(r, 4)}`
    if (dice === 21) return `(${33 + r.below(3)}) ${pairs.join('.')}`
    if (dice === 22) return pairs.join('/')
    return pairs.join(' ').replace('0', 'O')
  }
  const nir: Slot = (r) => {
    const body = `${1 + r.below(2)}${two(r.below(100))}${two(1 + r.below(12))}${r.below(30) ? two(1 + r.below(95)) : pick(r, ['2A', '2B'])}${digits(r, 6)}`
    const key = two(97 - (Number(body.replace('2A', '19').replace('2B', '18')) % 97))
    const all = body + (r.below(4) ? key : r.below(2) ? digits(r, 2) : '')
    const grouped =
      `${all.slice(0, 1)} ${all.slice(1, 3)} ${all.slice(3, 5)} ${all.slice(5, 7)} ${all.slice(7, 10)} ${all.slice(10, 13)} ${all.slice(13)}`.trim()
    return pick(r, [
      all,
      grouped,
      grouped,
      all.split('').join(' '),
      `${all.slice(0, 13)} ${all.slice(13)}`.trim(),
      grouped.replaceAll(' ', '.'),
    ])
  }
  const ipp: Slot = (r) => {
    const dice = r.below(12)
    if (dice === 0) return `${pick(r, ['N', 'P', 'A', 'H', 'IPP', 'C'])}${digits(r, 8)}`
    if (dice === 1) return digits(r, 7)
    if (dice === 2) return `${digits(r, 4)} ${digits(r, 3)} ${digits(r, 3)}`
    return String(1 + r.below(9)) + digits(r, 7 + r.below(4))
  }
  const mrn: Slot = (r) => {
    const dice = r.below(12)
    if (dice === 0) return `${pick(r, ['A', 'MR', 'E', 'H', 'M', 'W', 'V'])}${digits(r, 6 + r.below(3))}`
    if (dice < 4) return `${digits(r, 3)}-${digits(r, 2)}-${digits(r, 2)}`
    if (dice === 4) return `${digits(r, 7)}-${digits(r, 1)}`
    if (dice === 5) return `${digits(r, 3)} ${digits(r, 2)} ${digits(r, 2)}`
    return String(1 + r.below(9)) + digits(r, 5 + r.below(5))
  }
  const accession: Slot = (r) =>
    pick(r, [
      `${String.fromCharCode(65 + r.below(26))}${digits(r, 2)}-${digits(r, 5)}`,
      digits(r, 8 + r.below(3)),
      `${digits(r, 2)}${String.fromCharCode(65 + r.below(26))}${digits(r, 6)}`,
      `ACC-${digits(r, 8)}`,
      `${digits(r, 4)}-${digits(r, 6)}`,
      `${String.fromCharCode(65 + r.below(26))}${String.fromCharCode(65 + r.below(26))}${digits(r, 7)}`,
    ])
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
  const street = (r: Random): string => {
    if (language === 'en') {
      const type = pick(r, [
        'Street',
        'St',
        'St.',
        'Avenue',
        'Ave',
        'Ave.',
        'Road',
        'Rd',
        'Drive',
        'Dr',
        'Lane',
        'Ln',
        'Court',
        'Blvd',
        'Boulevard',
        'Way',
        'Place',
        'Terrace',
        'Parkway',
        'Circle',
        'Highway',
      ])
      const name = pick(r, [
        lastName(r),
        lastName(r),
        pick(r, w.streets),
        pick(r, w.streets),
        `${pick(r, ['N', 'S', 'E', 'West', 'North', 'East'])} ${lastName(r)}`,
        `${1 + r.below(90)}th`,
        city(r),
      ])
      const unit = r.below(6)
        ? ''
        : pick(r, [
            ` Apt ${1 + r.below(40)}`,
            `, Apt. ${1 + r.below(9)}B`,
            ` #${1 + r.below(400)}`,
            ` Suite ${100 + r.below(900)}`,
            `, Unit ${1 + r.below(9)}`,
          ])
      return `${1 + r.below(r.below(2) ? 200 : 9000)} ${name} ${type}${unit}`
    }
    const type = pick(r, w.streetTypes)
    const name = pick(r, [
      () =>
        `${pick(r, ['', '', 'du Docteur ', 'du Général ', 'du Maréchal ', 'du Président ', 'Saint-', 'du Dr ', 'de la Mère ', 'du Colonel '])}${r.below(2) ? `${firstName(r)} ` : ''}${lastName(r)}`,
      () => `${firstName(r)} ${lastName(r)}`,
      () => pick(r, w.streets),
      () => pick(r, w.streets),
      () => `de ${city(r)}`,
      () => pick(r, w.streets).toLowerCase(),
      () => `${firstName(r)} ${lastName(r)}`.toLowerCase(),
      () =>
        pick(r, [
          'du G.al de Gaulle',
          'du Gal Leclerc',
          'du Mal Foch',
          'du Gl. de Gaulle',
          'du Pdt Wilson',
          'du Dr. Roux',
          'St. Michel',
        ]),
    ])()
    const number =
      r.below(14) === 0
        ? ''
        : r.below(30) === 0
          ? `${pick(r, ['deux', 'dix', 'trois', 'douze', 'vingt'])} `
          : `${1 + r.below(180)}${pick(r, ['', '', '', '', '', ' bis', ' ter', 'B', '', `-${1 + r.below(200)}`])}${pick(r, ['', '', '', ','])} `
    return `${number}${cased(r, type)} ${name}${r.below(15) ? '' : pick(r, [` Bât ${'ABCD'[r.below(4)]}`, `, appt ${1 + r.below(60)}`, `, résidence ${pick(r, w.streets)}`])}`
  }
  const hospital = (r: Random): string => {
    if (language === 'en') {
      const base = pick(r, [
        city(r),
        lastName(r),
        pick(r, w.hospitalNames),
        pick(r, w.hospitalNames),
        `St. ${firstName(r)}`,
        `${pick(r, w.statenames)}`,
        `${lastName(r)} ${pick(r, ['Memorial', 'County', 'Community'])}`,
        `${pick(r, w.streets)}${pick(r, ['wood', 'view', 'side', ' Valley', ' Hill', 'shore', 'brook', ''])}`,
        `${pick(r, ['Mercy', 'Providence', 'Good Samaritan', 'Sacred Heart', 'Holy Cross', 'Trinity', 'Valley', 'Lakeside', 'Riverside', 'Northside', 'Brightwater'])}`,
        `St. ${firstName(r)}'s`,
      ])
      const tail = pick(r, [
        'Hospital',
        'Hospital',
        'General Hospital',
        'Medical Center',
        'Medical Center',
        'Memorial Hospital',
        'Clinic',
        'Community Hospital',
        'Health Center',
        'Regional Medical Center',
        'Nursing Home',
        'Rehabilitation Center',
        'University Hospital',
        "Children's Hospital",
        'VA Medical Center',
        'Dialysis Center',
        'Pediatrics',
        'Surgery Center',
        'Family Practice',
        'Regional',
        'General',
        'Health',
        'Manor',
        'Surgery',
        'Medical Group',
        'Cancer Center',
        'Hospital Center',
        'Infirmary',
        '',
      ])
      if (r.below(25) === 0)
        return pick(r, ['MGH', 'BWH', 'BIDMC', 'UCSF', 'UPMC', 'VAMC', 'NYU', 'CMC', 'OSH'].slice(0, 8))
      return `${base}${tail && ' '}${tail}`
    }
    return pick(r, [
      () => pick(r, w.hospitalNames),
      () => pick(r, w.hospitalNames),
      () => pick(r, w.hospitalNames),
      () => pick(r, big),
      () => city(r),
      () => `${firstName(r)} ${lastName(r)}`,
      () => `${firstName(r)}-${lastName(r)}`,
      () => `la ${pick(r, w.hospitalNames).replace(/^(?:la|le) /i, '')}`,
      () =>
        `${pick(r, ['la Pitié Salpêtrière', 'la Pitié', 'la Timone', 'la Salpêtrière', 'la Conception', "l'Archet", 'Le Kremlin Bicêtre', 'la Croix Rousse', 'Européen Georges-Pompidou', 'européen Georges Pompidou', 'Nord', 'Sud', "d'Instruction des Armées"])}`,
      () => `St ${firstName(r)}`,
      () => `Saint ${firstName(r)}`,
      () => `Saint-${firstName(r)}`,
      () => pick(r, w.hospitalNames).replaceAll('-', ' '),
      () => pick(r, w.hospitalNames).toLowerCase(),
      () => `${pick(r, w.hospitalNames)}${pick(r, [' - ', '-', ' ', '/', ' – '])}${pick(r, w.hospitalNames)}`,
      () =>
        `${pick(r, ['Paris', 'Lyon', 'Est', 'Nord', 'Ouest', 'Sud', 'Centre'])} ${pick(r, ['Centre', 'Nord Val de Seine', 'Seine-Saint-Denis', 'Est', 'Ouest', 'Sud', 'Parisien', 'Francilien', 'Île-de-France', 'Essonne'])}`,
      () =>
        `${pick(r, ['de la', 'du', 'des', 'Les', 'La', 'Le', 'Val de', 'Mont', 'Belle'])} ${capital(pick(r, w.streets).split(' ').at(-1) ?? '')}`,
    ])()
  }
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
  const luhn = (body: string) => {
    let sum = 0
    for (let i = 0; i < body.length; i++) {
      const digit = Number(body[body.length - 1 - i]) * (i % 2 === 0 ? 2 : 1)
      sum += digit > 9 ? digit - 9 : digit
    }
    return body + String((10 - (sum % 10)) % 10)
  }
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

const letter = (r: Random): string => String.fromCharCode(65 + r.below(26))

/** A house with a name in the place of a street: the lists of words have patterns with `*` for a name. */
const house = (r: Random, name: string, form: string): string =>
  form.replace('*', name).replace('#', String(1 + r.below(60)))

/** CBNPC, HFrEF, LFTs: scores, tests, diseases that no list has. Some are words of small letters with capitals inside. */
function abbreviation(r: Random): string {
  const letters = Array.from({ length: 2 + r.below(5) }, () => letter(r)).join('')
  const dice = r.below(12)
  if (dice === 0) return `${letters}s`
  if (dice === 1) return letters.slice(0, 2) + letters.slice(2, 3).toLowerCase() + letters.slice(1)
  if (dice === 2) return `${letters}${1 + r.below(9)}`
  if (dice === 3) return `${letters}-${letter(r)}`
  return letters
}

const SYLLABLES =
  'ba be bi bo bra ca che cla co da de do dra du fa fe fi fra ga gau ge go gri ha he hou ja je jo ka ke ki kou la le li lo ma me mi mo mou na ne no nou pa pe pi po pou ra re ri ro rou sa se si so sou ta te ti to tou tra va ve vi vo xa ya za zi'.split(
    ' ',
  )
const ENDINGS =
  'n r s t l ux ier eau in ot et ski ez ic man son ard aud el and oux is a i o ov ini etti ley ton er z'.split(' ')

function invented(r: Random): string {
  let name = ''
  for (let i = 1 + r.below(3); i >= 0; i--) name += SYLLABLES[r.below(SYLLABLES.length)]
  return capital(name + ENDINGS[r.below(ENDINGS.length)])
}

const DRUG_ENDINGS = 'mab nib ine ol azole pril artan statine mycine cilline amide one ate ium vir parine dipine'.split(
  ' ',
)
function drug(r: Random): string {
  let name = ''
  for (let i = 1 + r.below(2); i >= 0; i--) name += SYLLABLES[r.below(SYLLABLES.length)]
  return name + DRUG_ENDINGS[r.below(DRUG_ENDINGS.length)]
}

export function typo(r: Random, name: string): string {
  const at = 1 + r.below(Math.max(1, name.length - 2))
  const dice = r.below(3)
  if (dice === 0) return name.slice(0, at) + name.slice(at + 1)
  if (dice === 1) return name.slice(0, at) + name[at] + name.slice(at)
  return name.slice(0, at) + (name[at + 1] ?? '') + (name[at] ?? '') + name.slice(at + 2)
}

const capital = (word: string): string =>
  /^[\p{Ll}]/u.test(word) ? word.slice(0, 1).toUpperCase() + word.slice(1) : word
const cased = (r: Random, word: string): string =>
  r.below(5) === 0 ? capital(word) : r.below(20) === 0 ? word.toUpperCase() : word
const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w.-]/g, '')
    .toLowerCase()
