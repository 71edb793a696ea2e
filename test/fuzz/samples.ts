/** Valid inputs of each format, of invented persons. */

const AT = '2024-05-06T07:08:09Z'

/** @returns a valid record of the feed `observation` */
export function observation(id: string): Record<string, unknown> {
  return {
    record_id: id,
    patient_ipp: '8000123',
    code_system: 'loinc',
    code: '718-7',
    effective_at: AT,
    value_number: 13.5,
    value_unit: 'g/dL',
    status: 'final',
    comment: 'à jeun',
  }
}

/** @returns the row of such a record, for `MAPPING` */
export function row(id: string): string {
  return `${id};8000123;718-7;06/05/2024 07:08;13,5;g/dL;V;à jeun`
}

export const HEADER = 'Id;IPP;Code;Date;Résultat;Unité;Statut;Commentaire'
export const MAPPING = `
feed: observation
encoding: utf-8
delimiter: ";"
quotes: true
decimal: ","
time_zone: Europe/Paris
fields:
  - { field: record_id, column: Id }
  - { field: patient_ipp, column: IPP }
  - { field: code_system, constant: loinc }
  - { field: code, column: Code }
  - { field: effective_at, column: Date, format: DD/MM/YYYY HH:mm }
  - { field: value_number, column: Résultat }
  - { field: value_unit, column: Unité }
  - { field: status, column: Statut, values: { V: final } }
  - { field: comment, column: Commentaire }
`

const msh = (type: string, id: string) =>
  `MSH|^~\\&|GAM|CHU-X|CHAINON|EDS|20250201101112||${type}|${id}|P|2.5^FRA^2.11||||||UNICODE UTF-8`
const pid = (ipp: string) =>
  `PID|1||${ipp}^^^CHU-X&1.2.3.4&ISO^PI~279035121518989^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS||DUPONT^MARIE^MARIE JEANNE^^^^L||19790315|F|||12 RUE DES LILAS^^LYON^^69003^FRA^H||0601020304^PRN^PH|||||NDA77^^^CHU-X&1.2.3.4&ISO^AN||||||||||||||VALI`
const PV1 = `PV1|1|I|3110^12^A^CHU-X||||||||||||||||VN55^^^CHU-X^VN${'|'.repeat(25)}20250131093000`
const EVN = 'EVN||20250201101000||||20250131093000'

/** @returns a valid message whose one record, or one of its records, has this patient: an identity, a stay, results or a document */
export function message(kind: number, ipp: string): string {
  switch (kind % 4) {
    case 0:
      return [msh('ADT^A28', `m${ipp}`), EVN, pid(ipp)].join('\r')
    case 1:
      return [
        msh('ADT^A01', `m${ipp}`),
        EVN,
        pid(ipp),
        PV1,
        'DG1|1||E11.9^^I10|||||||||||||20250201',
        'PR1|1||HHFA016^^CCAM||20250201101112',
        'ZBE|MVT9^CHU-X|20250131093000||INSERT|N|A01|^^^^^^UF^^^3110|||HMS',
      ].join('\r')
    case 2:
      return [
        msh('ORU^R01^ORU_R01', `m${ipp}`),
        pid(ipp),
        PV1,
        'OBR|1|PL1^LABO|FI1^LABO|58410-2^NFS^LN|||20250201080000',
        'OBX|1|NM|718-7^Hb^LN||13.5|g/dL|12-16||||F',
        'OBX|2|SN|2160-0^Creat^LN||<^5|umol/L|||||F',
        'OBX|3|ED|11502-2^CR^LN||^TEXT^^Base64^SGVsbG8=||||||F',
      ].join('\r')
    default:
      return [
        msh('MDM^T02', `m${ipp}`),
        EVN,
        pid(ipp),
        PV1,
        `TXA|1|11502-2^CR biologie^LN|TX|20250201090000||20250201091500|||10003456789^DOC^^^^^^^ASIP&1.2.250.1.71.4.2.1&ISO|||DOC1^CHU-X|||||AU`,
        'OBX|1|TX|11502-2^CR^LN||Compte rendu||||||F',
      ].join('\r')
  }
}

export function patientEntry(ipp: string): Record<string, unknown> {
  return {
    fullUrl: `urn:uuid:${ipp}`,
    resource: {
      resourceType: 'Patient',
      id: ipp,
      identifier: [{ type: { coding: [{ code: 'PI' }] }, value: ipp }],
      name: [{ use: 'official', family: 'DURAND', given: ['CAMILLE'] }],
      gender: 'female',
      birthDate: '1979-03-15',
      meta: { lastUpdated: AT },
    },
    request: { method: 'PUT', url: `Patient/${ipp}` },
  }
}

/** @returns an entry about a patient of the Bundle: a condition, an observation, an encounter, a procedure, a prescription or a document */
export function clinicalEntry(kind: number, ipp: string, id: string): Record<string, unknown> {
  const subject = { reference: `Patient/${ipp}` }
  const coding = (system: string, code: string) => ({ coding: [{ system, code, display: 'x' }], text: 'x' })
  const resources = [
    {
      resourceType: 'Condition',
      code: coding('http://hl7.org/fhir/sid/icd-10', 'E11.9'),
      recordedDate: AT,
      clinicalStatus: coding('http://terminology.hl7.org/CodeSystem/condition-clinical', 'active'),
    },
    {
      resourceType: 'Observation',
      status: 'final',
      code: coding('http://loinc.org', '718-7'),
      effectiveDateTime: AT,
      valueQuantity: { value: 13.5, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL', comparator: '<' },
      referenceRange: [{ low: { value: 12 }, high: { value: 16 } }],
    },
    {
      resourceType: 'Encounter',
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
      period: { start: AT, end: '2024-05-09' },
    },
    {
      resourceType: 'Procedure',
      status: 'completed',
      code: coding('urn:oid:1.2.250.1.213.2.5', 'HHFA016'),
      performedPeriod: { start: AT },
    },
    {
      resourceType: 'MedicationRequest',
      status: 'active',
      intent: 'order',
      medicationCodeableConcept: coding('http://www.whocc.no/atc', 'N02BE01'),
      authoredOn: AT,
      dosageInstruction: [{ text: 'x', doseAndRate: [{ doseQuantity: { value: 1, unit: 'mg' } }] }],
    },
    {
      resourceType: 'DocumentReference',
      status: 'current',
      docStatus: 'final',
      type: coding('http://loinc.org', '34117-2'),
      date: AT,
      content: [{ attachment: { contentType: 'text/plain', data: 'SGVsbG8=' } }],
    },
  ]
  const resource: Record<string, unknown> = {
    ...resources[kind % resources.length],
    id,
    subject,
    identifier: [{ value: id }],
  }
  return { fullUrl: `urn:uuid:${id}`, resource, request: { method: 'POST', url: String(resource.resourceType) } }
}
