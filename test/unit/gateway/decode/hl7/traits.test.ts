/** What a message says of its patient and of professionals is beside a document, for `deidentify` to find it in the text. */
import { expect, test } from 'vitest'
import { recordReader } from '#core/contract/record-reader.ts'
import { contractOf } from '../../harness.ts'
import { mdm, oru, outcome, PID, PV1, txa } from './messages.ts'

const LINE = 'OBX|1|TX|||ligne'
const record = (message: string) => {
  const { records, refused } = outcome(message)
  expect(refused).toEqual([])
  const [[feed, raw] = ['', {}]] = records
  expect(recordReader(contractOf(feed), 'json')(raw)).toMatchObject({ ok: true })
  return raw
}

test('a document has the traits of its PID, and those who wrote it', () => {
  const written = mdm('T02', txa().replace('10003456789^DOC', '10003456789^LE GOFF^Anne'), LINE).replace(
    PV1,
    PV1.replace('||||', '||||12^ROY^Luc~13^ROY^Luc|'),
  )
  expect(record(written)).toMatchObject({
    patient_birth_family_name: 'DUPONT',
    patient_birth_given_names: 'MARIE JEANNE',
    patient_used_family_name: 'MARTIN',
    patient_other_names: null,
    patient_birth_date: '1979-03-15',
    patient_address_line: '12 RUE DES LILAS',
    patient_postcode: '69003',
    patient_city: 'LYON',
    patient_phone: '0601020304',
    patient_email: 'marie@example.org',
    professional_names: 'Anne LE GOFF\nLuc ROY',
  })
})

test('a document among results has those who observed, ordered and interpreted, in XCN and in NDL', () => {
  const ordered = 'OBR|1|PL1^LABO|FI1^LABO|58410-2^NFS^LN|||20250201080000'
  const by = `${ordered}|||||||||1^NOIR^Eve${'|'.repeat(16)}2&BLANC&Yves^20250201`
  const message = oru('OBX|1|ED|11502-2^CR^LN||^TEXT^plain^A^fait||||||F|||||3^GRIS^Zoe').replace(ordered, by)
  expect(record(message)).toMatchObject({
    professional_names: 'Zoe GRIS\nEve NOIR\nYves BLANC',
    patient_birth_family_name: 'DUPONT',
  })
})

test('names of any other type are beside those that have a field', () => {
  const named = PID.replace('^^^^^D||', '^^^^^D~LOUP^LILI^^^^^A~^MIMI^^^^^N~DUPONT^MARIE||')
  expect(record(mdm('T02', txa(), LINE).replace(PID, named))).toMatchObject({ patient_other_names: 'LILI LOUP\nMIMI' })
})

test.each(['1979', '31021979', 'inconnue', '""', ''])('a birth date %j refuses no document', (birth) => {
  const message = mdm('T02', txa(), LINE).replace('19790315', birth)
  expect(record(message)).toMatchObject({ patient_birth_date: null, text: 'ligne' })
})

test('more names than a field may have are cut between two of them', () => {
  const names = Array.from({ length: 200 }, (_, i) => `${i}^NOM${String.fromCharCode(97 + (i % 26)).repeat(1 + i)}`)
  const { professional_names } = record(mdm('T02', txa().replace('10003456789^DOC', names.join('~')), LINE))
  expect(String(professional_names).length).toBeLessThanOrEqual(1024)
  expect(String(professional_names)).toMatch(/^NOMa\nNOMbb\nNOMccc\n/)
})
