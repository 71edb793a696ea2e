/** Canaries: invented identities that exist nowhere else, so that a canary that is found is a leak. */
import { randomBytes } from 'node:crypto'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import { type Feed, nirOf, recordOf } from '../../helpers/records.ts'

/** Shorter values (a postcode, an INSEE code) are not unique: any file can contain them by chance. */
const SHORTEST = 11

/** @returns 16 letters in mixed case, because normalisation of names keeps letters */
export function word(): string {
  const letters = [...randomBytes(13)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('')
  return `Zqx${letters}`
}

const digits = (count: number) => [...randomBytes(count)].map((byte) => byte % 10).join('')

/** @returns a valid NIR that belongs to no real person */
export const canaryNir = () => nirOf(`2500769${digits(6)}`)

/** @returns a valid record of the feed whose every field that must not be passed on is a canary */
export function canaryRecord(contract: FeedContract): { record: Record<string, unknown>; canaries: string[] } {
  const fields = contract.fields.filter((field) => field.kind === 'string' && field.privacy.action !== 'keep')
  const values = Object.fromEntries(fields.map((field) => [field.name, canaryValue(field)]))
  const traits = contract.linked ? { birth_date: '1977-03-21' } : {}
  return {
    record: { ...recordOf(contract.feed as Feed, '', ''), ...traits, ...values },
    canaries: Object.values(values).flatMap((value) =>
      value.split(/[ ,@]+/).filter((piece) => piece.length >= SHORTEST),
    ),
  }
}

/** A record in which one kept value is a canary. */
export interface KeptCanary {
  readonly record: Record<string, unknown>
  readonly canaries: readonly string[]
  /** False for a number, which Avro does not write as digits. */
  readonly readable: boolean
}

/**
 * @returns for each field that is kept, records with a name, a NIR, a telephone number, an e-mail address and the patient's own number in that
 *   field: as text, as a number, or as a symbol of an enum, whichever the field could be given
 */
export function keptCanaries(contract: FeedContract): readonly KeptCanary[] {
  const kept = contract.fields.filter(({ privacy }) => privacy.action === 'keep')
  return kept.flatMap((field) =>
    keptValues(field).map(({ canaries, ipp, value }) => {
      const made = canaryRecord(contract)
      const own = ipp === undefined ? {} : { patient_ipp: ipp }
      return {
        record: { ...made.record, ...own, [field.name]: value },
        canaries: [...canaries, ...(ipp === undefined ? [] : [ipp])],
        readable: typeof value === 'string',
      }
    }),
  )
}

function keptValues({ kind }: FieldContract): { value: unknown; canaries: string[]; ipp?: string }[] {
  const [name, given, nir, mobile] = [word(), word(), canaryNir(), `336${digits(8)}`]
  const ipp = `7${digits(6)}39281`
  const numbers = [
    { value: Number(nir), canaries: [nir] },
    { value: Number(nir.slice(0, 13)), canaries: [nir.slice(0, 13)] },
    { value: Number(mobile), canaries: [mobile] },
    { value: Number(ipp), canaries: [], ipp },
  ]
  switch (kind) {
    case 'integer':
    case 'long':
      return numbers
    case 'double':
      return [...numbers, { value: Number(`${nir}.5`), canaries: [nir] }]
    default:
      return [
        { value: `${name} ${given}`, canaries: [name, given] },
        { value: name, canaries: [name] },
        { value: `CR ${name} NIR ${nir}`, canaries: [name, nir] },
        { value: nir, canaries: [nir] },
        { value: `+${mobile}`, canaries: [mobile] },
        { value: `${name}@example.org`, canaries: [name] },
        { value: `{${name}}`, canaries: [name] },
        { value: ipp, canaries: [], ipp },
      ]
  }
}

function canaryValue(field: FieldContract): string {
  if (field.linkage === 'nir' || field.linkage === 'ins') return canaryNir()
  if (field.name === 'email') return `${word()}@${word()}.example`
  if (field.name === 'phone') return `0033${digits(9)}`
  if (field.name.endsWith('_rpps')) return digits(11)
  if (field.privacy.action === 'scrub')
    return `${textWith(word())}, ${textWith(word())}, tel 0033${digits(9)}, NIR ${canaryNir()}`
  return field.maxLength < 16 ? '69381' : word()
}

/**
 * What is written of a person in a text: a name after a title. Of these invented words the scrubber leaves about one in 2,000 where no title stands before
 * it (decision 28), and this test must not fail by chance; `npm run deid:bench` measures what it leaves.
 */
const textWith = (name: string) => `Vu avec Mme ${name}`

/** A Bundle of one patient with records of every feed; every element of FHIR that can contain an identity contains a canary. */
export function canaryBundle(): { bundle: object; canaries: string[] } {
  const canaries: string[] = []
  const canary = (text = word()) => {
    canaries.push(text)
    return text
  }
  const patient = `urn:uuid:${canary()}`
  const about = { subject: { reference: patient, display: canary() } }
  const when = '2024-05-06T07:08:09Z'
  const said = () => textWith(canary())
  const coded = (system: string, code: string) => ({ coding: [{ system, code, display: said() }], text: said() })
  const stay = { resourceType: 'Encounter', id: canary(), ...about, class: { code: 'IMP' }, period: { start: when } }
  const ids = [
    { type: { coding: [{ code: 'MR' }] }, value: canary() },
    { system: 'urn:oid:1.2.250.1.213.1.4.8', value: canary(canaryNir()) },
  ]
  const resources = [
    {
      resourceType: 'Patient',
      identifier: ids,
      name: [{ use: 'official', family: canary(), given: [canary(), canary()], text: canary() }],
      gender: 'female',
      birthDate: '1977-03-21',
      deceasedDateTime: '2024-05-07',
      address: [{ line: [canary(), canary()], city: canary(), postalCode: '69003', text: canary() }],
      telecom: ['phone', 'email'].map((system) => ({ system, value: canary() })),
      contact: [{ name: { family: canary() } }],
      text: { status: 'generated', div: `<div>${canary()}</div>` },
    },
    {
      ...stay,
      identifier: [{ value: canary() }],
      reasonCode: [coded(canary(), canary())],
      location: [{ location: { identifier: { value: canary() }, display: canary() } }],
      hospitalization: { admitSource: coded(canary(), canary()), dischargeDisposition: coded(canary(), canary()) },
    },
    {
      resourceType: 'Condition',
      id: canary(),
      ...about,
      recordedDate: when,
      code: coded('http://hl7.org/fhir/sid/icd-10', 'E11.9'),
      note: [{ text: said() }],
    },
    {
      resourceType: 'Procedure',
      id: canary(),
      ...about,
      performedDateTime: when,
      code: coded('https://smt.esante.gouv.fr/terminologie-ccam', 'HHFA016'),
      performer: [{ actor: { display: canary() } }],
      location: { display: canary() },
    },
    {
      resourceType: 'Observation',
      id: canary(),
      ...about,
      effectiveDateTime: when,
      code: coded('http://loinc.org', '718-7'),
      valueString: said(),
      note: [{ text: said() }],
    },
    {
      resourceType: 'Observation',
      id: canary(),
      ...about,
      effectiveDateTime: when,
      code: coded('http://loinc.org', '718-7'),
      valueCodeableConcept: { text: said() },
    },
    {
      resourceType: 'Observation',
      id: canary(),
      meta: { versionId: canary(), source: canary(), tag: [{ code: canary() }] },
      ...about,
      effectiveDateTime: when,
      code: coded('http://loinc.org', canary()),
      valueQuantity: { value: 6_000_000_000_000, unit: canary(), code: canary() },
      component: [
        { code: coded(canary(), canary()), valueCodeableConcept: coded('http://snomed.info/sct', canary()) },
        {
          code: coded('http://loinc.org', '718-7'),
          valueQuantity: { value: Number(canary(canaryNir())), unit: 'g/dL' },
        },
      ],
    },
    {
      resourceType: 'Condition',
      id: canary(),
      ...about,
      recordedDate: when,
      code: coded('http://snomed.info/sct', canary()),
    },
    { resourceType: 'DocumentReference', id: canary(), ...about, date: when, type: coded(canary(), canary()) },
    {
      resourceType: 'MedicationRequest',
      id: canary(),
      ...about,
      authoredOn: when,
      medicationCodeableConcept: coded('http://www.whocc.no/atc', 'N02BE01'),
      dosageInstruction: [{ text: said(), route: coded(canary(), canary()), patientInstruction: said() }],
    },
    {
      resourceType: 'DocumentReference',
      id: canary(),
      ...about,
      date: when,
      type: coded('http://loinc.org', '34117-2'),
      description: said(),
      content: [
        { attachment: { contentType: 'text/plain', title: said(), data: Buffer.from(said()).toString('base64') } },
      ],
    },
  ]
  const entry = resources.map((resource, index) => (index === 0 ? { fullUrl: patient, resource } : { resource }))
  return { bundle: { resourceType: 'Bundle', type: 'collection', id: canary(), entry }, canaries }
}
