import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstGivenName, normaliseName } from '../../../../services/core/linkage/normalise.ts'

describe('normalisation', () => {
  it('makes one form of the spellings of a name', () => {
    expect(normaliseName("d'Artagnan Lefevre")).toBe(normaliseName("D'ARTAGNAN-LEFÈVRE"))
    expect(normaliseName('Œuvrard')).toBe('OEUVRARD')
    expect(firstGivenName('Jean-Pierre Paul')).toBe('JEANPIERRE')
    expect(firstGivenName('Jean, Pierre')).toBe('JEAN')
  })

  it('is idempotent and has only the letters A to Z', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const once = normaliseName(text)
        expect(once).toMatch(/^[A-Z]*$/)
        expect(normaliseName(once)).toBe(once)
      }),
    )
  })
})
