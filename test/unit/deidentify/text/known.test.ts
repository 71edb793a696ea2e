/** Layer 5: the traits of this very patient, in whatever form they are given and written. */
import { describe, expect, test } from 'vitest'
import { knownOf } from '../../../../services/deidentify/text/known/known.ts'
import { spansIn } from './example.ts'

const PATIENT = {
  birth_family_name: 'Lefebvre',
  used_family_name: 'de La Tour',
  given_names: ['Jean-Pierre', 'Éric'],
  birth_date: '1978-01-02',
  phone: '0612345678',
  address: { line: '12 boulevard du Général Leclerc', postcode: '69003', city: 'Saint-Étienne' },
  nir: '178016904212345',
  ids: ['N11232344', 8012939402],
  email: 'jp.lefebvre@mail.fr',
}

/** With this layer alone. */
const found = (text: string, known: unknown = PATIENT) =>
  spansIn(text, 'fr', { known: knownOf(known), layers: new Set(['known']) }).map(({ start, end }) =>
    text.slice(start, end),
  )

describe('forms', () => {
  test.each([
    'LEFEBVRE',
    'lefebvre',
    'Lefébvre',
    'Lefevbre',
    'Lefbvre',
    'Lefebvrre',
    'Jean-Pierre',
    'JEAN PIERRE',
    'Jean Pierre Lefebvre',
    'Lefebvre Jean-Pierre',
    'JP',
    'Eric',
    'de la Tour',
    'Tour',
    '02/01/1978',
    '2/1/78',
    '02011978',
    '2 janvier 1978',
    'deux janvier mille neuf cent soixante-dix-huit',
    '0 2 0 1 1 9 7 8',
    '1978-01-02',
    '2 janv 78',
    'January 2, 1978',
    '06 12 34 56 78',
    '06.12.34.56.78',
    '+33 6 12 34 56 78',
    '0612345678',
    '12 bd du Gal Leclerc',
    '12, boulevard du général Leclerc',
    'boulevard du Général Leclerc',
    'St Etienne',
    'SAINT-ETIENNE',
    '69003',
    '1 78 01 69 042 123 45',
    '1780169042123',
    'N11232344',
    '8012 939 402',
    'jp.lefebvre@mail.fr',
  ])('%s', (form) => {
    expect(found(`xx ${form} xx`).join(' ')).toContain(form.replace(/^\+/, ''))
  })
})

test('an initial belongs to the name after it', () => {
  expect(found('vu J. Lefebvre ce jour')).toEqual(['J. Lefebvre'])
})

test('an initial of the known names belongs to the name before it', () => {
  expect(found('vu Lefebvre J. ce jour')).toEqual(['Lefebvre J.'])
  expect(found('vu Lefebvre B. ce jour')).toEqual(['Lefebvre'])
})

test('a short name in small letters counts after a title, and in a text without capitals', () => {
  const known = { name: 'Tabet', city: 'Aubagne' }
  expect(found('vu par dr. tabet hier', known)).toEqual(['tabet'])
  expect(found('vu par tabett à aubagne hier', known)).toEqual(['tabett', 'aubagne'])
  expect(found('Le tabet du Couloir, à aubagne', known)).toEqual([])
})

test('two names side by side count in small letters, and so does the initial before one', () => {
  const known = { names: ['Rose', 'Denis', 'Vasseur'] }
  expect(found('Bon pour rose denis, a. vasseur non vu', known)).toEqual(['rose', 'denis', 'vasseur'])
  expect(found('Bon pour d. vasseur, une rose à Denis', known)).toEqual(['d. vasseur', 'Denis'])
})

test.each(['la tour de contrôle', 'le 2 janvier 1979', '06 12 34 56 79', 'tour 12'])('%s stays', (text) => {
  expect(found(text)).toEqual([])
})

test('any shape of traits is read, and no leaf is left out', () => {
  expect(found('Zwicky, Kloten', ['Zwicky', { anything: { else: 'Kloten' } }])).toEqual(['Zwicky', 'Kloten'])
  expect(found('Zwicky', 'Zwicky')).toEqual(['Zwicky'])
})

test('what cannot be read is an error that names the field', () => {
  const deep = { a: { b: { c: { d: { e: { f: { g: { h: 'x' } } } } } } } }
  expect(() => knownOf(deep)).toThrow(/known\.\w is nested too deeply/)
})

describe('errors of typing and reading', () => {
  const known = {
    names: ['Baudrillard', 'Le Gallic', 'Roux', 'Éric'],
    birth_date: '1960-03-12',
    phone: '0639983107',
    ids: ['8112345678'],
    address: '27 chemin de la Combe',
  }
  test.each([
    ['a letter that is another', 'vu Baudrollard ce jour', 'Baudrollard'],
    ['a short name', 'vu Rouix ce jour', 'Rouix'],
    ['a name of several words', 'vu Le Galic ce jour', 'Le Galic'],
    ['in small letters among capitals', 'Vu baudrilard. Normal', 'baudrilard'],
    ['letters with spaces between', 'Nom : B A U D R I L L A R D', 'B A U D R I L L A R D'],
    ['letters read as figures', 'vu BAUDR1LLARD ce jour', 'BAUDR1LLARD'],
    ['figures read as letters', 'tel O6 39 98 3l O7.', 'O6 39 98 3l O7'],
    ['a birth date read as letters', 'le l2/O3/l96O', 'l2/O3/l96O'],
    ['a figure that is another', 'no 8112345778', '8112345778'],
    ['two figures exchanged', 'no 8112354678', '8112354678'],
    ['a street with an error', 'au 27 chmin de la Combe', '27 chmin de la Combe'],
    ['broken over a line', 'vu Baudril-\nlard', 'Baudril-\nlard'],
    ['initials after a title', 'vu Mme B. ce jour', 'B.'],
    ['initials together', 'vu É.B. ce jour', 'É.B.'],
    ['initials of a compound name', 'vu B.-R. Roux', 'B.-R. Roux'],
    ['a date in words with mil', 'le douze mars mil neuf cent soixante', 'douze mars mil neuf cent soixante'],
    ['a date in English words', 'on the twelfth of March nineteen sixty', 'twelfth of March nineteen sixty'],
    ['a Roman month', 'le 12-III-1960', '12-III-1960'],
  ])('%s', (_, text, expected) => {
    expect(found(text, known)).toContain(expected)
  })

  test.each([
    'Le roux du mur, une marche, un matin',
    'Hémoglobine 12,3 g/dL, Na 138, K 4,1',
    'le 13 mars 1961',
    'no 8112399678',
    'vitamine B. puis fer',
    'stade III, score 12/15',
  ])('%s stays', (text) => {
    expect(found(text, known)).toEqual([])
  })

  test('a Belgian year in words', () => {
    expect(found('le deux mai mille neuf cent septante-deux', { birth_date: '1972-05-02' })).toEqual([
      'deux mai mille neuf cent septante-deux',
    ])
  })
})

/** How often the keys and words of what is known are asked while a text is read. */
function asked(text: string): number {
  let count = 0
  const counted = <V>(map: ReadonlyMap<string, V>): ReadonlyMap<string, V> =>
    new Proxy(map, {
      get(target, property) {
        if (property === 'get' || property === Symbol.iterator) count++
        const value: unknown = Reflect.get(target, property)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  const known = knownOf(PATIENT)
  spansIn(text, 'fr', {
    known: {
      ...known,
      keys: counted(known.keys),
      misread: counted(known.misread),
      words: counted(known.words),
      compounds: counted(known.compounds),
      numbers: counted(known.numbers),
    },
    layers: new Set(['known']),
  })
  return count
}

test.each([
  ['names with an error', 'Lefebvra Jean-Pierra '],
  ['letters one by one', 'L E F E '],
  ['letters read as figures', 'O6l2OS8B '],
  ['figures and marks', '06.12-34/56 '],
  ['initials', 'J.-P. L. '],
  ['marks', '.-.-'],
])('the work on %s grows as the text does', (_, part) => {
  const [small, large] = [300, 3_000].map((times) => asked(part.repeat(times))) as [number, number]
  expect(large).toBeLessThanOrEqual(11 * small + 11)
})
