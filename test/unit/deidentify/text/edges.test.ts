/** What stands beside an identifier: what belongs to it is hidden with it, what does not stays. */
import { expect, test } from 'vitest'
import type { Language } from '../../../../services/deidentify/text/types.ts'
import { spansIn } from './example.ts'

const found = (language: Language, text: string) =>
  spansIn(text, language).map(({ start, end }) => text.slice(start, end))

test.each<[Language, string, string]>([
  ['en', 'Reach her on +44 7700 900655 today.', '+44 7700 900655'],
  ['en', 'Cell +1 (715) 555-0122 today.', '+1 (715) 555-0122'],
  ['en', 'Gate code 48213. Dog in the yard.', '48213'],
  ['en', 'Seen, to be discussed. D/w Penny today.', 'Penny'],
  ['en', 'Discharged 07/27/2023, Cedar Ridge Skilled Nursing Facility', 'Cedar Ridge Skilled Nursing Facility'],
  ['fr', 'Digicode 2I93, au fond de la cour.', '2I93'],
  ['fr', 'Matelas à air, passage kiné (Bonnet).', 'Bonnet'],
  ['fr', 'Transmissions de la nuit 23/11 : calme.', '23/11'],
])('%s: %s', (language, text, expected) => {
  expect(found(language, text)).toContain(expected)
})

test.each<[Language, string, RegExp]>([
  ['fr', 'Mme LEFORT Noé : RAS, dort bien.', /RAS/],
  ['fr', 'Rédigé par Anne LEFORT, IDEC, le 16/7/2021', /IDEC/],
  ['fr', 'ECHOGRAPHIE CARDIAQUE TRANSTHORACIQUE\nLEFORT CHLOÉ  M  12/02/1950', /TRANSTHORACIQUE/],
  ['fr', 'Mme Veuve LEFORT Anne, 82 ans', /Veuve/],
  ['en', 'DNACPR in place, signed Dr Llewellyn Aug 2021.', /place/],
  ['en', 'OPHTHALMOLOGY\nVA R 6/9 L 6/60.', /\d\/\d/],
  ['en', 'Asked our specialist nurse, Sister Ramirez, to arrange bloods.', /Sister/],
])('%s: what stays of %s', (language, text, stays) => {
  expect(found(language, text).filter((one) => stays.test(one))).toEqual([])
})
