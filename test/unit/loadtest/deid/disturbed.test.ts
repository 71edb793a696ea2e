import { describe, expect, it } from 'vitest'
import { DISTURBANCES, DISTURBED, disturbed } from '../../../../loadtest/deid/disturbed.ts'
import { parseMarked } from '../../../../loadtest/deid/texts.ts'

const SAMPLE = parseMarked(
  '1',
  'Vu [Éloïse](PRENOM) [LE GOFF-BIROLLES](NOM), née le [01/12/1958](DATE_NAISSANCE), tel [06 39 98 15 08](TEL), ce jour.',
)

const values = (name: string): string[] => {
  const one = DISTURBANCES.find((disturbance) => disturbance.name === name)
  if (!one) throw new Error(`no disturbance is named ${name}`)
  return disturbed([SAMPLE], one, 'fr').flatMap(({ text, marks }) => {
    const points = Array.from(text)
    return marks.filter(({ kind }) => kind === DISTURBED).map(({ start, end }) => points.slice(start, end).join(''))
  })
}

describe('texts with errors', () => {
  it('have their marks where the value with the error is', () => {
    expect(values('in small letters')).toEqual(['éloïse', 'le goff-birolles'])
    expect(values('letters read as figures')).toEqual(['É10ï5e', 'LE G0FF-81R011E5'])
    expect(values('figures read as letters')).toEqual(['Ol/l2/l9SB', 'O6 39 9B lS OB'])
    expect(values('birth date in words')).toEqual(['premier décembre mille neuf cent cinquante-huit'])
    expect(values('decomposed accents')).toEqual(['E\u0301loi\u0308se'])
    expect(values('an initial for the given name')).toEqual(['É.'])
  })

  it('are the same at each call, keep the other marks and know the right values', () => {
    for (const one of DISTURBANCES) {
      const texts = disturbed([SAMPLE], one, 'fr')
      expect(disturbed([SAMPLE], one, 'fr')).toEqual(texts)
      for (const { marks, known } of texts) {
        expect(marks).toHaveLength(SAMPLE.marks.length)
        expect(known).toMatchObject({ names: ['Éloïse', 'LE GOFF-BIROLLES'] })
      }
    }
  })

  it('are left out where nothing could be disturbed', () => {
    expect(values('initials of the whole name')).toEqual([])
  })
})
