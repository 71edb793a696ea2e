/** All layers together, in both languages. */
import { describe, expect, test } from 'vitest'
import { segments } from '../../../../services/deidentify/text/segments.ts'
import { found, marked, spansIn } from './example.ts'

describe('French', () => {
  test('a head, a salutation, a signature', () => {
    expect(
      found(
        'Mme DURAND Monique, née le 02/01/1948, IPP 8012939402, 12 rue des Lilas, 69003 Lyon. Dr Paul Lefort, Tél. 04 72 11 22 33',
      ),
    ).toEqual([
      'name: DURAND',
      'name: Monique',
      'birth_date: 02/01/1948',
      'ipp: 8012939402',
      'address: 12 rue des Lilas',
      'postcode: 69003',
      'city: Lyon',
      'professional: Paul',
      'professional: Lefort',
      'phone: 04 72 11 22 33',
    ])
  })

  test('names that are medicine stay, names of persons do not', () => {
    expect(found('Maladie de Parkinson et syndrome de Charcot chez M. Parkinson.')).toEqual(['name: Parkinson'])
    expect(found('Signe de Babinski absent, sonde de Foley, score de Glasgow 15.')).toEqual([])
  })

  test('what no list has is found by its surroundings', () => {
    expect(found('Docteur Zqurvel Trabouzi').join(' ').replaceAll('professional: ', '')).toBe('Zqurvel Trabouzi')
  })

  test('drugs, results and scores stay', () => {
    const text = 'Traitement : KARDEGIC 75 mg/j, LASILIX 40 mg. NFS : Hb 12,5 g/dl, CRP 12 mg/l, TA 13/8, EVA 3/10.'
    expect(marked(text)).toBe(text)
  })

  test.each([
    'Adénocarcinome (CBNPC), UPDRS à 34, mis sous osimertinib.',
    'PTH D. Poignet G. Selles R.',
    'Jobe +, Neer + ; Mallampati 2.',
    'Chambre 214, porte B. Suite à notre échange.',
  ])('%s stays', (text) => expect(found(text)).toEqual([]))

  test('a given name beside a family name needs nothing around it', () => {
    expect(found('staff, Édouard Martinez et DUPONT Monique')).toEqual([
      'name: Édouard',
      'name: Martinez',
      'name: DUPONT',
      'name: Monique',
    ])
  })

  test('days in a row, a time after a date, a number after its sign', () => {
    expect(found('du 2 au 27 février 2019')).toEqual(['date: 2', 'date: 27 février 2019'])
    expect(found('les 3, 10 et 17 juin 2022')).toEqual(['date: 3', 'date: 10', 'date: 17 juin 2022'])
    expect(found('Arrivée : 08/07/2023 19:04')).toEqual(['date: 08/07/2023'])
    expect(found('greffon n° 384417').join()).toContain('384417')
  })

  test("a name's last letter after an apostrophe", () => {
    expect(marked("vu par le Dr Guyomarc'h hier")).toContain("[Guyomarc'h]")
  })

  test('a hospital loses its name, not its word', () => {
    expect(marked('Transféré du CHU Bichat le 3 mars 2019')).toBe(
      'Transféré du CHU [Bichat](hospital) le [3 mars 2019](date)',
    )
  })
})

test('English', () => {
  expect(
    found(
      'Mr. Abernathy, MRN 4471902, DOB 11/30/1961, was seen by Dr. Helen Castellanos at Mercy Medical Center.',
      'en',
    ),
  ).toEqual([
    'name: Abernathy',
    'mrn: 4471902',
    'birth_date: 11/30/1961',
    'professional: Helen Castellanos',
    'hospital: Mercy Medical Center',
  ])
})

test('English: a title is no part, the word of a hospital is; a street by its word; an address of the net', () => {
  expect(found('Seen by Mrs. Oyelowo at Hennepin General Surgery.', 'en')).toEqual([
    'name: Oyelowo',
    'hospital: Hennepin General Surgery',
  ])
  expect(found('Lives at 14 Kloof Nek Road.', 'en')).toEqual(['address: 14 Kloof Nek Road'])
  expect(found('Device IP 198.51.100.23. Video ok', 'en')).toContain('ip: 198.51.100.23')
})

test.each([
  ['Vehicle plate 7KXR442 noted', 'device: 7KXR442'],
  ['License No. ME 104882', 'ME 104882'],
  ['Our ref: JW/KL/1103882', 'JW/KL/1103882'],
  ['Registration (Gladys, 4-1120).', 'phone: 4-1120'],
  ['ward clerk x4-7719', 'phone: 4-7719'],
  ['Last four 4471.', 'ssn: 4471'],
  ["Harold's Cross, Dublin 6W, D6W XK28", 'postcode: D6W XK28'],
  ['Lives RR 3 Box 118', 'address: RR 3 Box 118'],
  ['late of The Old Mill, Church Lane, aged 94.', 'address: The Old Mill, Church Lane'],
  ['late of The Old Mill, Church Lane, aged 94.', 'age_over_89: 94'],
  ['The family of Baby Boy Hernandez', 'Baby Boy Hernandez'],
  ['Patient: Gretchen Mul-\nlenweg', 'Gretchen Mul-\nlenweg'],
  ['Born 08-\n30-1951', '08-\n30-1951'],
  ['Transferred to Briery Holme Care Home.', 'hospital: Briery Holme Care Home'],
  ['Result called to Tammy at noon', 'Tammy'],
  ['Next visit Tues.', 'date: Tues'],
])('English: in %j is %j', (text, wanted) => expect(found(text, 'en').join('|')).toContain(wanted))

test.each([
  'Pain 6/10, strength 5/5, transferred to ICU, referred to Cardiology.',
  'Diabetes Clinic, General Surgery, Emergency Department.',
  'FEV1 58% predicted, Lantus 22 units.',
])('English: %j stays', (text) => expect(found(text, 'en')).toEqual([]))

test.each([
  ['lovenox, lot 4C19U', '4C19U'],
  ['NIR 1551199324007 clé 29', 'nir: 29'],
  ['Panendoscopie le 28.', 'date: 28'],
  ['domicile (4 r du Gal Leclerc, 91380 Massy)', 'address: 4 r du Gal Leclerc'],
  ['clinique les cedres', 'hospital: les cedres'],
  ["l'interne Camille Rey", 'Rey'],
])('French: in %j is %j', (text, wanted) => expect(found(text).join('|')).toContain(wanted))

test('a name that was recognised once is recognised again', () => {
  expect(found('Mme Wendelboe est suivie. Ce jour, Wendelboe va bien.')).toEqual(['name: Wendelboe', 'name: Wendelboe'])
})

describe('long texts', () => {
  test('segments cover a text and are bounded', () => {
    for (const text of ['', 'x', 'x'.repeat(200_000), 'mot '.repeat(60_000), 'ligne\n'.repeat(50_000)]) {
      const parts = [...segments(text)]
      expect(parts.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text)
      expect(Math.max(0, ...parts.map(({ start, end }) => end - start))).toBeLessThanOrEqual(65_536)
    }
  })

  const HOSTILE = {
    letters: 'a',
    capitals: 'A',
    figures: '1',
    signs: '@',
    points: 'a.',
    boxes: '1 ',
    hyphens: '0-',
    titles: 'Dr ',
    streets: '1 rue ',
    labels: 'IPP 12 ',
    lines: '\n',
    mails: 'a@b.',
    dates: '1/',
    accents: 'é\u0301',
  } as const
  test.each(Object.entries(HOSTILE))(
    '%s take time in proportion to their length',
    (_, unit) => {
      const cost = (length: number) => {
        const text = unit.repeat(Math.ceil(length / unit.length))
        return Math.min(
          ...[1, 2].map(() => {
            const before = process.cpuUsage()
            spansIn(text, 'fr')
            const { user, system } = process.cpuUsage(before)
            return user + system
          }),
        )
      }
      cost(4_000)
      // So long that the clock and the garbage of others do not count.
      let length = 4_000
      while (cost(length) < 20_000 && length < 256_000) length *= 2
      // Eight times the text; a square would take sixty-four times as long.
      expect(cost(length * 8) / cost(length)).toBeLessThan(24)
    },
    60_000,
  )
})
