/** The text of a document, as the gateway reads it from HL7 v2 and FHIR, on its way through the step that scrubs texts. */
import { describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { compileGuards } from '#core/guards/compile.ts'
import { policies } from '#core/policies/apply-policies.ts'
import { scrubTexts } from '../../../services/deidentify/steps/scrub-texts.ts'
import { loadResources } from '../../../services/deidentify/text/resources.ts'
import { mapResource } from '../../../services/gateway/decode/fhir/map.ts'
import { openNow } from '../gateway/decode/fhir/open.ts'
import { mdm, oru, outcome, PID, txa } from '../gateway/decode/hl7/messages.ts'

const NOTE = 'Madame DUPONT Jeanne, IPP 8000123, a une pneumopathie. Tél. 06 12 34 56 78.'
const SCRUBBED = 'Madame [NAME], IPP [IPP], a une pneumopathie. Tél. [PHONE].'

/** Fields of a document that are there to be found in its text. */
const ONLY_KNOWN = /^(?:patient_(?!ipp$|id$)|professional_)/

async function passedOn(raw: Readonly<Record<string, unknown>>) {
  const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'document')
  if (!contract) throw new Error('there is no feed document')
  const read = recordReader(contract, 'json')(raw)
  if (!read.ok) throw new Error('the contract refuses the record')
  const provenance = { producer: 'chu', receivedAt: 7 }
  const guarded = { origin: '1', record: read.record, provenance, outcomes: [], withheld: [] }
  const verdict = await scrubTexts(contract, loadResources).runLong(guarded, () => undefined)
  if (verdict.kind !== 'pass') throw new Error('the record was not passed on')
  return { contract, record: read.record, texts: verdict.value.texts }
}

async function scrubbed(raw: Readonly<Record<string, unknown>>) {
  return (await passedOn(raw)).texts.get('text')
}

test('a text of HL7 v2 (MDM, OBX of type TX)', async () => {
  const { records, refused } = outcome(mdm('T02', txa(), `OBX|1|TX|11488-4^Compte rendu^LN||${NOTE}||||||F`))
  const [[feed, record] = []] = records
  expect([refused, feed, record?.text]).toEqual([[], 'document', NOTE])
  expect(await scrubbed(record ?? {})).toBe(SCRUBBED)
})

test.each([
  ['text/plain', NOTE, SCRUBBED],
  ['text/html', `<p>${NOTE}</p>`, SCRUBBED],
  ['application/rtf', `{\\rtf1 ${NOTE.replace('é', "\\'e9")}}`, SCRUBBED],
  ['application/xml', `<?xml version="1.0"?><other>${NOTE}</other>`, null],
  ['application/pdf', '%PDF-1.7', undefined],
])('an attachment of FHIR (DocumentReference, %s)', async (contentType, content, expected) => {
  const resource = {
    resourceType: 'DocumentReference',
    id: 'd1',
    status: 'current',
    subject: { identifier: { type: { coding: [{ code: 'MR' }] }, value: '8000123' } },
    type: { coding: [{ system: 'http://loinc.org', code: '34117-2' }] },
    date: '2024-05-06T07:08:09Z',
    content: [{ attachment: { contentType, data: Buffer.from(content).toString('base64') } }],
  }
  const bundle = { resourceType: 'Bundle', type: 'collection', entry: [{ resource }] }
  const mapped = mapResource(resource, openNow(bundle, Date.UTC(2026, 0, 2)))
  if (!mapped.ok) throw new Error(mapped.fault)
  const [made] = mapped.records
  expect(made?.feed).toBe('document')
  expect(await scrubbed(made?.record ?? {})).toBe(expected)
})

describe('the patient of the same message is known: a name that no list has, and nothing around it tells a name', () => {
  const UNKNOWN = 'Sort ce jour. Dit brozquilvane que tout va bien, et vuldrimane dit de même.'
  const HIDDEN = 'Sort ce jour. Dit [NAME] que tout va bien, et [NAME] dit de même.'
  const named = (message: string) =>
    message.replace(PID, PID.replaceAll('DUPONT^MARIE^MARIE JEANNE', 'BROZQUILVANE^VULDRIMANE'))

  test('HL7 v2, a document (MDM)', async () => {
    const { records } = outcome(named(mdm('T02', txa(), `OBX|1|TX|11488-4^Compte rendu^LN||${UNKNOWN}||||||F`)))
    expect(await scrubbed(records[0]?.[1] ?? {})).toBe(HIDDEN)
  })

  test('HL7 v2, a document among results (ORU, OBX of type ED)', async () => {
    const data = Buffer.from(UNKNOWN).toString('base64')
    const { records } = outcome(named(oru(`OBX|1|ED|11502-2^CR biologie^LN||^TEXT^plain^Base64^${data}||||||F`)))
    expect(await scrubbed(records[0]?.[1] ?? {})).toBe(HIDDEN)
  })

  test('FHIR, a Bundle with Patient and DocumentReference', async () => {
    const patient = {
      resourceType: 'Patient',
      id: 'p1',
      identifier: [{ type: { coding: [{ code: 'MR' }] }, value: '8000123' }],
      name: [{ use: 'official', family: 'Brozquilvane', given: ['Vuldrimane'] }],
    }
    const document = {
      resourceType: 'DocumentReference',
      id: 'd1',
      status: 'current',
      subject: { reference: 'Patient/p1' },
      type: { coding: [{ system: 'http://loinc.org', code: '34117-2' }] },
      date: '2024-05-06T07:08:09Z',
      content: [{ attachment: { contentType: 'text/plain', data: Buffer.from(UNKNOWN).toString('base64') } }],
    }
    const entry = [{ resource: patient }, { resource: document }]
    const mapped = mapResource(
      document,
      openNow({ resourceType: 'Bundle', type: 'collection', entry }, Date.UTC(2026, 0, 2)),
    )
    if (!mapped.ok) throw new Error(mapped.fault)
    expect(await scrubbed(mapped.records[0]?.record ?? {})).toBe(HIDDEN)
  })
  test('nothing of what is known is passed on', async () => {
    const pid = PID.replace('19790315', '19761231').replace('DUPONT^MARIE^MARIE JEANNE', 'BROZQUILVANE^VULDRIMANE')
    const { records } = outcome(mdm('T02', txa(), `OBX|1|TX|||${UNKNOWN}`).replace(PID, pid))
    const raw = records[0]?.[1] ?? {}
    const known = Object.entries(raw).filter(([name, value]) => ONLY_KNOWN.test(name) && value !== null)
    expect(known.length).toBeGreaterThan(8)
    const { contract, record, texts } = await passedOn(raw)
    const out = policies(contract, pseudonymiser(1, Buffer.alloc(32, 1)))(record, 'chu', { withheld: [], texts })
    expect(Object.keys(out).filter((name) => ONLY_KNOWN.test(name))).toEqual([])
    const written = Object.values(out).map((value) => String(value).toLowerCase())
    for (const [name, value] of [...known, ...Object.entries(record).filter(([one]) => ONLY_KNOWN.test(one))])
      expect(
        written.filter((one) => one === String(value).toLowerCase() && value !== null),
        name,
      ).toEqual([])
    expect(written.join(' ')).not.toMatch(/brozquilvane|vuldrimane|lilas|0601020304|example\.org/)
    expect(contract.fields.filter(({ linkage }) => linkage !== undefined)).toEqual([])
  })
  test('codes stay: what is known of the patient is not read into them', async () => {
    const { records } = outcome(mdm('T02', txa(), `OBX|1|TX|||${UNKNOWN}`).replace('69003', '11502'))
    const { contract, record } = await passedOn(records[0]?.[1] ?? {})
    expect(record).toMatchObject({
      kind: '11502-2',
      kind_source: 'http://loinc.org',
      patient_email: 'marie@example.org',
    })
    const provenance = { producer: 'chu', receivedAt: Date.UTC(2026, 0, 2) * 1000 }
    expect(compileGuards(contract).check(record, provenance)).toEqual([])
  })
})
