/** The step that scrubs texts, with the contracts, the lexicon and the models of the service. */
import { describe, expect, it, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { parseContract } from '#core/contract/parse.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { GiveWay } from '#core/pipeline/step.ts'
import { scrubTexts } from '../../../../services/deidentify/steps/scrub-texts.ts'
import { loadResources } from '../../../../services/deidentify/text/resources.ts'
import { patientKeys } from '../../../../services/deidentify/text/surrogates/patient-keys.ts'
import { contractText } from '../../../helpers/text-contract.ts'

const contracts = loadContracts('schemas/feeds')
const contractOf = (feed: string): FeedContract => {
  const found = contracts.find((one) => one.feed === feed)
  if (!found) throw new Error(`there is no feed ${feed}`)
  return found
}
const NEVER: GiveWay = () => undefined

const WITH_DOUBTS = 'Vu Zqworvh et Xyrtok au Brelmorthal. Rien a signaler, un peu de Wolgramyx.'

/** @returns the contract of the feed `document` whose texts may have so many doubtful words */
function uncertain(above: number, action: string): FeedContract {
  const file = JSON.parse(contractText('fr')) as { fields: { name: string; privacy: Record<string, unknown> }[] }
  for (const { name, privacy } of file.fields) if (name === 'note') privacy.uncertain = { above, action }
  const result = parseContract('note', JSON.stringify(file))
  if (!result.ok) throw new Error(result.problems.join('; '))
  return result.contract
}

/** @returns what the step makes of a record, and of nothing else */
async function scrub(contract: FeedContract, record: Record<string, unknown>, giveWay = NEVER) {
  const provenance = { producer: 'chu', receivedAt: 7 }
  const step = scrubTexts(contract, loadResources)
  const verdict = await step.runLong({ origin: '1', record, provenance, outcomes: [], withheld: [] }, giveWay)
  if (verdict.kind !== 'pass') throw new Error('the record was not passed on')
  return verdict.value
}

const document = contractOf('document')
const DOCUMENT = {
  record_id: 'note-77812',
  patient_ipp: 'H1-0080001',
  encounter_nda: '2401234567',
  text: null,
  title: null,
}

describe('a text', () => {
  it('loses what identifies its patient, and keeps the care', async () => {
    const { report, texts, outcomes } = await scrub(document, {
      ...DOCUMENT,
      title: 'Compte rendu de Mme DUPONT Jeanne',
      text: 'Madame DUPONT Jeanne, née le 03/04/1956, a une pneumopathie. Tél. 06 12 34 56 78. Dr Bernard Martin',
    })
    expect(texts.get('title')).toBe('Compte rendu de Mme [NAME]')
    expect(texts.get('text')).toBe(
      'Madame [NAME], née le [BIRTH_DATE], a une pneumopathie. Tél. [PHONE]. Dr [PROFESSIONAL]',
    )
    expect(report.replaced).toContainEqual({ field: 'text', kind: 'phone', spans: 1 })
    expect(report.replaced).toContainEqual({ field: 'title', kind: 'name', spans: 2 })
    expect([report.unread, outcomes]).toEqual([[], []])
  })

  it('is searched for the identifiers of its record, which no form gives away', async () => {
    const text = 'Suite de 0080001, bilan 80001 du séjour 2401234567, voir note-77812.'
    const { texts } = await scrub(document, { ...DOCUMENT, text })
    expect(texts.get('text')).toBe('Suite de [IPP], bilan [IPP] du séjour [NDA], voir [MRN].')
    const other = await scrub(document, { ...DOCUMENT, patient_ipp: 'H1-0091117', encounter_nda: null, text })
    expect(other.texts.get('text')).not.toContain('[IPP]')
  })

  it('is searched for the traits of its record, where a contract has them: names with typing errors, birth date, address', async () => {
    const contract = parsed('fr')
    const traits = { birth_family_name: 'le guellec', birth_date: -5000, street: '12 impasse des Lilas' }
    const text = 'vu avec leguellec ce jour, imp. des Lilas, 24 4 56'
    const { texts } = await scrub(contract, { ...traits, note: text })
    expect(texts.get('note')).not.toMatch(/guellec|Lilas|24 4 56/i)
    expect((await scrub(contract, { note: text })).texts.get('note')).toMatch(/guellec/)
  })

  it('that is null is not in the result', async () => {
    const { texts, report } = await scrub(document, DOCUMENT)
    expect([texts.size, report]).toEqual([0, { replaced: [], unread: [] }])
  })

  it('is found whatever characters cannot be seen in it', async () => {
    const { texts } = await scrub(document, { ...DOCUMENT, text: 'Mme DU\u00ADPO\u200BNT Rene\u0301e, pneumopathie' })
    expect(texts.get('text')).toBe('Mme [NAME], pneumopathie')
  })

  test.each([
    '<html><p>M. DU<b>PONT</b></p></html>',
    'M. DU<b>PO</b>NT',
    'M. Lef&egrave;vre',
    "{\\rtf1 M. Lef\\'e8vre}",
  ])('is read as a person sees it, without marks: %s', async (text) => {
    const { texts, report } = await scrub(document, { ...DOCUMENT, text })
    expect([texts.get('text'), report.unread]).toEqual(['M. [NAME]', []])
  })

  it('is read in the language that the record names, else in that of the contract', async () => {
    const contract = parsed('fr', 'language')
    const text = 'Patient is a 93 yo man seen by Dr. Smith'
    const read = async (language: string | null) => (await scrub(contract, { note: text, language })).texts.get('note')
    expect(await read('en-GB')).toMatch(/Dr\. \[PROFESSIONAL\]/)
    expect(await read('en-GB')).not.toContain('93')
    expect(await read(null)).not.toContain('Smith')
    const german = await scrub(contract, { note: 'Herr Müller', language: 'de' })
    expect([german.texts.get('note'), german.outcomes]).toEqual([null, ['text-note-language=failed']])
  })
})

describe('a text that cannot be read', () => {
  test.each([
    ['binary', '%PDF-1.7 DUPONT'],
    ['binary', 'DUPONT\u0000\u0001'],
    ['binary', Buffer.from(Array.from({ length: 400 }, (_, at) => (at * 7919) % 251)).toString('base64')],
    [
      'binary',
      Buffer.from(Array.from({ length: 400 }, (_, at) => (at * 7919) % 251))
        .toString('base64')
        .replace(/.{76}/g, '$&\r\n'),
    ],
    ['encoding', 'M. Lef\uFFFDvre'],
    ['encoding', 'M. LefÃ¨vre'],
    ['encoding', 'M. Lef\ud800vre'],
    ['encoding', `M. Lefe${'\u0301\u0323'.repeat(20)}vre`],
    ['markup', '  <?xml version="1.0"?><a/>'],
    ['markup', "texte {\\rtf1 Lef\\'e8vre}"],
  ])('is left out and counted: %s, %j', async (reason, text) => {
    const { texts, report, outcomes } = await scrub(document, { ...DOCUMENT, title: 'Bilan', text })
    expect([...texts]).toEqual([
      ['title', 'Bilan'],
      ['text', null],
    ])
    expect(report.unread).toEqual([{ field: 'text', reason }])
    expect(outcomes).toEqual([`text-text-${reason}=failed`])
  })

  test.each([
    'Glycémie < 0,5 g/L et > 3 g/L\fpage 2\r\nR&D',
    '<5 mg/L',
    'a'.repeat(150),
    '________________'.repeat(20),
    'Œdème, 37 °C, µg/L, « calme » – Â',
  ])('is not taken for one: %j', async (text) => {
    expect((await scrub(document, { ...DOCUMENT, text })).report.unread).toEqual([])
  })
})

describe('a long text', () => {
  it('gives way while it is read, so that the worker stays in its group', async () => {
    const text = 'Mme DUPONT va bien. '.repeat(4_000)
    let characters = 0
    let calls = 0
    await scrub(document, { ...DOCUMENT, text }, (some) => {
      characters += some
      calls++
      return Promise.resolve()
    })
    expect(characters).toBe(text.length)
    expect(calls).toBe(Math.ceil(text.length / 65_536))
  })
})

function parsed(language: string, field?: string): FeedContract {
  const result = parseContract('note', contractText(language, field))
  if (!result.ok) throw new Error(result.problems.join('; '))
  return result.contract
}

describe('a text with surrogates', () => {
  const result = parseContract('note', contractText('fr', undefined, 'surrogates'))
  if (!result.ok) throw new Error(result.problems.join('; '))
  const { contract } = result
  const level1 = pseudonymiser(1, Buffer.alloc(32, 7))
  const step = scrubTexts(contract, loadResources, { key: patientKeys(contract, level1) })
  async function note(patient: string, text: string, more: object = {}, producer = 'chu') {
    const record = { ...DOCUMENT, patient_ipp: patient, note: text, ...more }
    const provenance = { producer, receivedAt: 7 }
    const verdict = await step.runLong({ origin: '1', record, provenance, outcomes: [], withheld: [] }, NEVER)
    if (verdict.kind !== 'pass') throw new Error('the record was not passed on')
    return String(verdict.value.texts.get('note'))
  }
  const nameIn = (text: string) => /Mme ([^,.]+)[,.]/.exec(text)?.[1]

  it('has one name for a patient in all texts, and another one for another patient, or at another producer', async () => {
    const one = await note('H1-0080001', 'Mme DUPONT Jeanne, vue ce jour. Maladie de Parkinson.')
    expect(one).toMatch(/^Mme \p{Lu}{3,} \p{Lu}\p{Ll}+, vue ce jour. Maladie de Parkinson.$/u)
    expect(one).not.toMatch(/dupont|jeanne/i)
    expect(nameIn(await note('H1-0080001', 'Courrier : Mme DUPONT Jeanne, sortie.'))).toBe(nameIn(one))
    const others = await Promise.all(
      Array.from({ length: 20 }, (_, i) => note(`H1-009${i}`, 'Mme DUPONT Jeanne, vue ce jour.')),
    )
    expect(others.map(nameIn)).not.toContain(nameIn(one))
    expect(nameIn(await note('H1-0080001', 'Mme DUPONT Jeanne, vue.', {}, 'clinique'))).not.toBe(nameIn(one))
  })

  it('has no trait of its patient, whatever the key would have drawn', async () => {
    const text = 'Mme DUPONT, vue ce jour.'
    const drawn = nameIn(await note('H1-0080001', text))
    const second = nameIn(await note('H1-0080001', text, { birth_family_name: drawn }))
    expect([typeof drawn, second === drawn, second === 'DUPONT']).toEqual(['string', false, false])
  })

  it('counts what was replaced by kind, as tags do, and needs a key', async () => {
    const guarded = {
      origin: '1',
      record: { ...DOCUMENT, note: 'Mme DUPONT Jeanne, IPP 8012939402' },
      provenance: { producer: 'chu', receivedAt: 7 },
      outcomes: [],
      withheld: [],
    }
    const verdict = await step.runLong(guarded, NEVER)
    expect(verdict.kind === 'pass' && verdict.value.report.replaced).toEqual([
      { field: 'note', kind: 'name', spans: 2 },
      { field: 'note', kind: 'ipp', spans: 1 },
    ])
    expect(() => scrubTexts(contract, loadResources)).toThrow('nothing says under which key')
  })
})

describe('a text of which the scrubber is not sure', () => {
  const run = (contract: FeedContract, note: string) =>
    scrubTexts(contract, loadResources).runLong(
      {
        origin: '1',
        record: { ...DOCUMENT, note },
        provenance: { producer: 'chu', receivedAt: 7 },
        outcomes: [],
        withheld: [],
      },
      NEVER,
    )

  it('goes to quarantine with its record, by the name of its rule and without a value', async () => {
    expect(await run(uncertain(1, 'quarantine'), WITH_DOUBTS)).toEqual({
      kind: 'fail',
      fault: 'rule-rejected',
      provenance: { producer: 'chu', receivedAt: 7 },
      details: [{ pointer: '/note', rule: 'text-note-uncertain' }],
    })
  })

  it('is null and counted, or passed on with a flag', async () => {
    const dropped = await scrub(uncertain(1, 'drop'), { ...DOCUMENT, note: WITH_DOUBTS })
    expect([dropped.texts.get('note'), dropped.outcomes]).toEqual([null, ['text-note-uncertain=failed']])
    expect(dropped.report.unread).toEqual([{ field: 'note', reason: 'uncertain' }])
    const kept = await scrub(uncertain(1, 'keep'), { ...DOCUMENT, note: WITH_DOUBTS })
    expect([typeof kept.texts.get('note'), kept.outcomes]).toEqual(['string', ['text-note-uncertain=failed']])
    expect(kept.report.unread).toEqual([])
  })

  it('is passed on below the bound, as is a text of known words', async () => {
    expect((await scrub(uncertain(100, 'quarantine'), { ...DOCUMENT, note: WITH_DOUBTS })).outcomes).toEqual([])
    const plain = 'Madame DUPONT Jeanne a une pneumopathie. Pas de fièvre. Radiographie normale. Retour au domicile.'
    expect((await scrub(uncertain(0, 'quarantine'), { ...DOCUMENT, note: plain })).outcomes).toEqual([])
  })
})
