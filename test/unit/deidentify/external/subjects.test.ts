/** The identities of a cohort: read by line, encoded as the records of the stream are, and in no error. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parseCalendarDate } from '#core/contract/calendar.ts'
import { loadContracts } from '#core/contract/load.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { linesOfStep, readStep, SealedSubject, sealedPlace } from '#core/linkage/external.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import { unpackMessage } from '#core/linkage/message.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import { encodeSubjects } from '../../../../services/deidentify/external/encode-subjects.ts'
import { readSubjects } from '../../../../services/deidentify/external/read-subjects.ts'
import { identityEncoders } from '../../../../services/deidentify/linkage/encode-identity.ts'
import { nirOf } from '../../../helpers/records.ts'

const contracts = loadContracts('schemas/feeds')
const contract = contracts.find(({ feed }) => feed === 'patient') as (typeof contracts)[number]
const folder = mkdtempSync(join(tmpdir(), 'chainon-'))
afterAll(() => rmSync(folder, { recursive: true }))

const read = async (text: string, name = 'cohort.csv', mapping?: string) => {
  writeFileSync(join(folder, name), text)
  if (mapping !== undefined) writeFileSync(join(folder, 'mapping.yaml'), mapping)
  return readSubjects(join(folder, name), contract, mapping === undefined ? undefined : join(folder, 'mapping.yaml'))
}
const problems = async (text: string, name?: string) =>
  read(text, name).then(
    () => [],
    (error: unknown) => (error instanceof ConfigurationError ? error.problems : Promise.reject(error)),
  )

const RECORD = {
  birth_family_name: 'Vasselin',
  birth_given_names: 'Élodie',
  birth_date: parseCalendarDate('1950-01-10') ?? 0,
  sex: 'female',
}

test('CSV, TSV, a mapping and NDJSON give the same traits; columns that the linkage does not read are left out', async () => {
  const expected = [{ subject: 'S-1', record: RECORD }]
  expect(
    await read(
      'subject;birth_family_name;birth_given_names;birth_date;sex;comment\nS-1;Vasselin;Élodie;1950-01-10;female;x\n',
    ),
  ).toEqual(expected)
  expect(
    await read(
      'subject\tbirth_family_name\tbirth_given_names\tbirth_date\tsex\nS-1\tVasselin\tÉlodie\t1950-01-10\tfemale\n',
      'c.tsv',
    ),
  ).toEqual(expected)
  const mapping = `feed: patient
fields:
  - { field: record_id, column: numero }
  - { field: birth_family_name, column: nom }
  - { field: birth_given_names, column: prenom }
  - { field: birth_date, column: ddn, format: DD/MM/YYYY }
  - { field: sex, column: sexe, values: { F: female, H: male } }
`
  expect(await read('numero;nom;prenom;ddn;sexe\nS-1;Vasselin;Élodie;10/01/1950;F\n', 'm.csv', mapping)).toEqual(
    expected,
  )
  const { birth_date: _days, ...rest } = RECORD
  expect(
    await read(`${JSON.stringify({ subject: 'S-1', ...rest, birth_date: '1950-01-10', other: 1 })}\n\n`, 'c.ndjson'),
  ).toEqual(expected)
})

test('what is wrong is told by line, column and rule, and no value is repeated', async () => {
  const header = 'subject,birth_family_name,birth_date,sex'
  const found = await problems(
    `${header}\nS-1,Secretname,10/01/1950,F\n${nirOf('2790351215189')},Secretname,,\n,Secretname,,\nS-4,Secretname,,\nS-4,Secretname,,\n`,
  )
  expect(found).toEqual([
    'line 2: column birth_date: a date YYYY-MM-DD of the calendar (date)',
    'line 2: column sex: one of female, male, other, unknown (enum)',
    'line 3: column subject: it is a national number; a project has numbers of its own (no-identifier)',
    'line 4: column subject: 1 to 64 letters, digits and . _ - (required)',
    'line 6: column subject: the subject of line 5 is there again (duplicate-subject)',
  ])
  expect(found.join()).not.toMatch(/Secret|1950|179035/)
  expect((await problems('Secretname,Dupont\nx,y\n')).join()).not.toContain('Secret')
  expect(await problems('{"subject":"S-1"\n', 'bad.ndjson')).toEqual([
    'line 1: the line: the line is no JSON object (malformed-json)',
  ])
})

test('subjects are encoded as the records of the stream, sealed for one run, in the order of their tickets', async () => {
  const secret = Buffer.alloc(32, 7)
  const encoder = recordEncoder(installationTraits(contracts), secret)
  const form = { form: formOf(encoder), filterWords: encoder.layout.words, tokenWords: 2 * encoder.kinds.length }
  const seal = linkageSeal(Buffer.alloc(32, 8), sealedPlace('t.', '00000000000000a1'))
  const subjects = [RECORD, { birth_family_name: 'Quenouille', identity_status: 'DOUB' }].map((record, n) => ({
    subject: `S-${n}`,
    record,
  }))
  const tickets = ['ff', '00'].map((byte) => byte.repeat(16))
  let next = 0
  const {
    sealed,
    tickets: ticketed,
    facts,
  } = encodeSubjects(subjects, { contracts, contract, secret, seal, ticket: () => tickets[next++] ?? '' })
  expect(ticketed).toEqual([
    { ticket: tickets[1], subject: 'S-1' },
    { ticket: tickets[0], subject: 'S-0' },
  ])
  // A doubtful identity has no trait.
  expect(facts).toMatchObject({ subjects: 2, without_trait: 1, 'trait:birth_date': 1, 'trait:national_id': 0 })
  const bytes = Buffer.from(sealed[1]?.sealed ?? '', 'base64')
  const unpacked = unpackMessage(seal.open(bytes, tickets[0] ?? '') ?? Buffer.alloc(0), form)
  const stream = { seal: (plain: Buffer) => plain, open: (plain: Buffer) => plain }
  const encodeIdentity = identityEncoders(contracts, secret, pseudonymiser(1, secret))(contract, stream)
  const ofStream = unpackMessage(
    encodeIdentity({ record_id: 'r', patient_ipp: 'p', record_version: 1, ...RECORD }, 'chu', 0, '1'),
    form,
  )
  expect(unpacked.ok && ofStream.ok && unpacked.message.encoded).toEqual(ofStream.ok && ofStream.message.encoded)
  // Neither another ticket nor another run opens it.
  expect(seal.open(bytes, tickets[1] ?? '')).toBeUndefined()
  expect(
    linkageSeal(Buffer.alloc(32, 8), sealedPlace('t.', '00000000000000a2')).open(bytes, tickets[0] ?? ''),
  ).toBeUndefined()
})

test('what a step gives to the next one is complete, or refused', async () => {
  const lines = [{ ticket: 'a'.repeat(32), sealed: 'x' }]
  const text = linesOfStep(lines, { n: 1 })
  const from = async function* (...chunks: string[]) {
    yield* chunks
  }
  expect(await readStep(from(text.slice(0, 9), text.slice(9)), SealedSubject)).toEqual({ lines, facts: { n: 1 } })
  const [first = '', last = ''] = text.split('\n')
  for (const cut of ['', `${first}\n`, text.slice(0, -1), `${last}\n`])
    await expect(readStep(from(cut), SealedSubject)).rejects.toThrow(/did not end well/)
  for (const forged of [`{"ticket":"x","sealed":"y"}\n${last}\n`, `${text}${first}\n`, 'no json\n'])
    await expect(readStep(from(forged), SealedSubject)).rejects.toThrow(/has not its form/)
})
