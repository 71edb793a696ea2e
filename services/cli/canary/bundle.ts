/** Canaries in FHIR. */
import type { Inventor } from './invent.ts'
import { textWith } from './records.ts'

export interface CanaryBundle {
  readonly bundle: object
  readonly canaries: readonly string[]
  /** The number of its patient. */
  readonly ipp: string
  /** The records that it may become, to cancel them. */
  readonly records: readonly { readonly feed: string; readonly recordId: string }[]
}

/** A Bundle of one patient with records of every feed; every element of FHIR that can contain an identity contains a canary. */
export function canaryBundle(invent: Inventor): CanaryBundle {
  const canaries: string[] = []
  const records: { feed: string; recordId: string }[] = []
  const canary = (text = invent.word()) => {
    canaries.push(text)
    return text
  }
  const recorded = (feed: string, prefix = '', suffixes: readonly string[] = ['']) => {
    const id = canary()
    for (const suffix of suffixes) records.push({ feed, recordId: `${prefix}${id}${suffix}` })
    return id
  }
  const ipp = canary()
  records.push({ feed: 'patient', recordId: ipp }, { feed: 'death', recordId: ipp })
  const patient = `urn:uuid:${canary()}`
  const about = { subject: { reference: patient, display: canary() } }
  const when = '2024-05-06T07:08:09Z'
  const said = () => textWith(canary())
  const coded = (system: string, code: string) => ({ coding: [{ system, code, display: said() }], text: said() })
  const stay = {
    resourceType: 'Encounter',
    id: recorded('encounter'),
    ...about,
    class: { code: 'IMP' },
    period: { start: when },
  }
  const ids = [
    { type: { coding: [{ code: 'MR' }] }, value: ipp },
    { system: 'urn:oid:1.2.250.1.213.1.4.8', value: canary(invent.nir()) },
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
      id: recorded('diagnosis'),
      ...about,
      recordedDate: when,
      code: coded('http://hl7.org/fhir/sid/icd-10', 'E11.9'),
      note: [{ text: said() }],
    },
    {
      resourceType: 'Procedure',
      id: recorded('procedure'),
      ...about,
      performedDateTime: when,
      code: coded('https://smt.esante.gouv.fr/terminologie-ccam', 'HHFA016'),
      performer: [{ actor: { display: canary() } }],
      location: { display: canary() },
    },
    {
      resourceType: 'Observation',
      id: recorded('observation'),
      ...about,
      effectiveDateTime: when,
      code: coded('http://loinc.org', '718-7'),
      valueString: said(),
      note: [{ text: said() }],
    },
    {
      resourceType: 'Observation',
      id: recorded('observation'),
      ...about,
      effectiveDateTime: when,
      code: coded('http://loinc.org', '718-7'),
      valueCodeableConcept: { text: said() },
    },
    {
      resourceType: 'Observation',
      id: recorded('observation', '', ['', '#0', '#1']),
      meta: { versionId: canary(), source: canary(), tag: [{ code: canary() }] },
      ...about,
      effectiveDateTime: when,
      code: coded('http://loinc.org', canary()),
      valueQuantity: { value: 6_000_000_000_000, unit: canary(), code: canary() },
      component: [
        { code: coded(canary(), canary()), valueCodeableConcept: coded('http://snomed.info/sct', canary()) },
        {
          code: coded('http://loinc.org', '718-7'),
          valueQuantity: { value: Number(canary(invent.nir())), unit: 'g/dL' },
        },
      ],
    },
    {
      resourceType: 'Condition',
      id: recorded('diagnosis'),
      ...about,
      recordedDate: when,
      code: coded('http://snomed.info/sct', canary()),
    },
    {
      resourceType: 'DocumentReference',
      id: recorded('document'),
      ...about,
      date: when,
      type: coded(canary(), canary()),
    },
    {
      resourceType: 'MedicationRequest',
      id: recorded('medication', 'MedicationRequest/'),
      ...about,
      authoredOn: when,
      medicationCodeableConcept: coded('http://www.whocc.no/atc', 'N02BE01'),
      dosageInstruction: [{ text: said(), route: coded(canary(), canary()), patientInstruction: said() }],
    },
    {
      resourceType: 'DocumentReference',
      id: recorded('document'),
      ...about,
      date: when,
      type: coded('http://loinc.org', '34117-2'),
      author: [{ display: canary() }],
      description: said(),
      content: [
        { attachment: { contentType: 'text/plain', title: said(), data: Buffer.from(said()).toString('base64') } },
      ],
    },
  ]
  const entry = resources.map((resource, index) => (index === 0 ? { fullUrl: patient, resource } : { resource }))
  return { bundle: { resourceType: 'Bundle', type: 'collection', id: canary(), entry }, canaries, ipp, records }
}
