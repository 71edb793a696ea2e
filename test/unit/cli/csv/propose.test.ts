/** What is proposed for exports with usual French and English headers; the expected mapping is what a person would write. */
import { describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { parseMapping } from '#core/csv/mapping.ts'
import { type Column, proposeMapping } from '../../../../services/cli/csv/propose.ts'
import { readSample } from '../../../../services/cli/csv/read-sample.ts'
import { mappingText } from '../../../../services/cli/csv/write-mapping.ts'

const contracts = loadContracts('schemas/feeds')

function contractOf(name: string): FeedContract {
  return contracts.find(({ feed }) => feed === name) as FeedContract
}

async function sampleOf(text: string): Promise<readonly Column[]> {
  async function* chunks() {
    yield Buffer.from(text)
  }
  return (await readSample(chunks(), 'a.csv')).columns
}

async function propose(feed: string, text: string) {
  const proposal = proposeMapping(contractOf(feed), await sampleOf(text), 'Europe/Paris')
  const fields = proposal.mapping.fields.map(({ field, column, constant, format, values }) =>
    [field, column ?? `=${constant}`, format, values && JSON.stringify(values)]
      .filter((part) => part !== undefined)
      .join(' '),
  )
  return { ...proposal, fields }
}

describe('a proposal', () => {
  test('a French export of identities', async () => {
    const { fields, missing, unmapped, mapping } = await propose(
      'patient',
      `N° IPP;Nom de naissance;Prénoms;Date de naissance;Sexe;Code postal;Ville;Tél.;Décédé;Date MAJ;Médecin traitant
800001;DURAND;CAMILLE;15/03/1979;F;69003;LYON;0612345678;N;06/05/2024 07:08:09;X
800002;MARTIN;PAUL;23/11/1950;M;75001;PARIS;0612345679;O;06/05/2024 17:08:09;Y
`,
    )
    expect(fields).toEqual([
      'record_id N° IPP',
      'patient_ipp N° IPP',
      'birth_family_name Nom de naissance',
      'birth_given_names Prénoms',
      'birth_date Date de naissance DD/MM/YYYY',
      'sex Sexe {"F":"female","M":"male"}',
      'postcode Code postal',
      'city Ville',
      'phone Tél.',
      'updated_at Date MAJ DD/MM/YYYY HH:mm:ss',
      'deceased Décédé {"N":false,"O":true}',
    ])
    expect(missing).toEqual([])
    expect(unmapped).toEqual(['Médecin traitant'])
    expect(mapping.time_zone).toBe('Europe/Paris')
  })

  test('an English export with codes, numbers and days', async () => {
    const { fields, missing, mapping, notes } = await propose(
      'observation',
      `id,MRN,visit_id,loinc_code,sample date,value,units,ref low,ref high,status
1,a1,v1,718-7,2024-05-06,13.5,g/dL,12,16,final
2,a2,v2,2345-7,2024-05-07,5.1,mmol/L,4,6,final
`,
    )
    expect(fields).toEqual([
      'record_id id',
      'patient_ipp MRN',
      'encounter_nda visit_id',
      'code_system =loinc',
      'code loinc_code',
      'effective_at sample date YYYY-MM-DD',
      'value_number value',
      'value_unit units',
      'reference_low ref low',
      'reference_high ref high',
      'status status',
    ])
    expect(missing).toEqual([])
    expect(mapping.decimal).toBeUndefined()
    expect(notes).toEqual(["'code_system': the values of column loinc_code have the form of loinc"])
  })

  test('a date that can be read both ways is a note; a decimal comma is seen; missing fields are named', async () => {
    const { fields, missing, mapping, notes } = await propose(
      'observation',
      'IPP;date;resultat\n1;05/06/2024;1,5\n1;07/08/2024;2,25\n',
    )
    expect(fields).toEqual(['patient_ipp IPP', 'effective_at date DD/MM/YYYY', 'value_number resultat'])
    expect(missing).toEqual(['record_id', 'code_system', 'code'])
    expect(mapping.decimal).toBe(',')
    expect(notes).toEqual([
      "column date: every date seen can also be read month first; check the format of 'effective_at'",
    ])
  })

  test('values decide against a name: a column of texts is no date, one of names no sex', async () => {
    const { unmapped } = await propose('patient', 'ipp;sexe;date naissance;autre\n1;DURAND;hier;x\n2;MARTIN;demain;y\n')
    expect(unmapped).toEqual(['sexe', 'date naissance', 'autre'])
  })

  test('a value without a known meaning is counted and never written', async () => {
    const proposal = await propose('patient', 'ipp;sexe\n1;M\n2;F\n3;DURAND\n')
    expect(proposal.notes[0]).toMatch(/1 of 3 different values have no known meaning/)
    expect(mappingText(proposal, contractOf('patient'))).not.toMatch(/DURAND/)
  })

  test('what is written is read back, its open points as comments', async () => {
    const text =
      'id;ipp;nda;code cim10;type diag;date diagnostic;libelle\nx1;1;2;E11.9;DP;20240506;a\nx2;1;2;i10;DAS;20240507;b\n'
    const proposal = await propose('diagnosis', text)
    const yaml = mappingText(proposal, contractOf('diagnosis'))
    expect(parseMapping(yaml, contractOf('diagnosis'))).toEqual(proposal.mapping)
    expect(yaml).toMatch(/^# TODO columns without a field .*: libelle$/m)
    expect(proposal.fields).toContain('kind type diag {"DP":"principal","DAS":"associated"}')
    expect(proposal.fields).toContain('code_system =cim10')
  })

  test('a first line of values is no header, and is not repeated', async () => {
    await expect(sampleOf('800001;DURAND;15/03/1979\n800002;MARTIN;15/03/1980\n')).rejects.toThrow(
      /its first line has a number or a date/,
    )
  })
})
