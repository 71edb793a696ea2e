import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { tokeniser } from '../../../../services/deidentify/linkage/tokenise.ts'

const patient = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient') as FeedContract
const tokeniseAs = tokeniser(patient, randomBytes(32))
const tokenise = (record: Readonly<Record<string, unknown>>) => tokeniseAs(record, 'chu')
const traits = {
  birth_family_name: "D'Artagnan-Lefèvre",
  birth_given_names: 'Élodie Marie',
  birth_date: 3650,
  sex: 'female',
  birth_place_insee: '75056',
}
const kinds = (record: Record<string, unknown>) => tokenise(record).map((token) => token.split('_')[1])

describe('tokenise', () => {
  it('makes the same tokens of two spellings of one person', () => {
    const other = { ...traits, birth_family_name: 'dartagnan lefevre', birth_given_names: 'ELODIE' }
    expect(tokenise(other)).toEqual(tokenise(traits))
  })

  it('makes the same token of an INS and a NIR with the same number', () => {
    const ins = tokenise({ ...traits, ins: '279035121518989', identity_status: 'VALI' })
    const nir = tokenise({ ...traits, nir: '2 79 03 51 215 189 89' })
    expect(kinds({ ...traits, ins: '279035121518989', identity_status: 'VALI' })).toEqual([
      'ins',
      'nir',
      'place',
      'traits-place',
      'traits',
    ])
    expect(ins.filter((token) => nir.includes(token)).map((token) => token.split('_')[1])).toEqual([
      'nir',
      'place',
      'traits-place',
      'traits',
    ])
  })

  it('makes an INS token only of a qualified identity, and no token of a doubtful one', () => {
    expect(kinds({ ...traits, ins: '279035121518989', identity_status: 'PROV' })).toEqual([
      'place',
      'traits-place',
      'traits',
    ])
    expect(kinds({ ...traits, ins: '279035121518989', identity_status: 'VALI' })).toContain('ins')
    expect(kinds({ ...traits, ins: '279035121518989', identity_status: 'DOUB' })).toEqual([])
  })

  it('makes an INS token only with the status VALI: without a status the number is a NIR', () => {
    for (const status of [null, '', 'VIDE', 'PROV', 'RECD'])
      expect(kinds({ ...traits, ins: '279035121518989', identity_status: status })).not.toContain('ins')
    const ins = tokenise({ ...traits, ins: '279035121518989' })
    expect(ins).toEqual(tokenise({ ...traits, nir: '279035121518989' }))
  })

  it('never makes a token of a number with a wrong key, or of incomplete traits', () => {
    expect(kinds({ ...traits, nir: '279035121518988' })).not.toContain('nir')
    expect(kinds({ ...traits, birth_date: null })).toEqual([])
    expect(kinds({ ...traits, sex: 'unknown' })).toEqual(['place'])
  })
})
