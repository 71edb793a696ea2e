/**
 * Code systems by the URI or OID under which messages name them: terminology.hl7.org, FR Core, ANS (smt.esante.gouv.fr). The names are those of
 * the contracts' enums; a system without a name is known, and no contract has codes of it.
 */
const SYSTEMS: Readonly<Record<string, readonly string[]>> = {
  snomed: ['http://snomed.info/sct', 'urn:oid:2.16.840.1.113883.6.96'],
  loinc: ['http://loinc.org', 'urn:oid:2.16.840.1.113883.6.1'],
  cim10: [
    'http://hl7.org/fhir/sid/icd-10',
    'http://hl7.org/fhir/sid/icd-10-fr',
    'urn:oid:2.16.840.1.113883.6.3',
    'https://smt.esante.gouv.fr/terminologie-cim-10',
  ],
  icd11: ['http://id.who.int/icd/release/11/mms', 'http://hl7.org/fhir/sid/icd-11'],
  orpha: ['http://www.orpha.net', 'https://www.orpha.net/ORDO'],
  rxnorm: ['http://www.nlm.nih.gov/research/umls/rxnorm', 'urn:oid:2.16.840.1.113883.6.88'],
  atc: ['http://www.whocc.no/atc', 'urn:oid:2.16.840.1.113883.6.73', 'https://smt.esante.gouv.fr/terminologie-atc'],
  ccam: ['https://smt.esante.gouv.fr/terminologie-ccam', 'urn:oid:1.2.250.1.213.2.5'],
  nabm: ['https://smt.esante.gouv.fr/terminologie-nabm'],
  ucd: [
    'https://smt.esante.gouv.fr/terminologie-cip_ucd',
    'http://www.phast.fr/fhir/CodeSystem/UCD',
    'urn:oid:1.2.250.1.213.2.61',
  ],
  cip: ['http://www.phast.fr/fhir/CodeSystem/CIP', 'urn:oid:1.2.250.1.213.2.3.1'],
}

const WITHOUT_NAME = [
  'http://hl7.org/fhir/sid/icd-9-cm',
  'http://hl7.org/fhir/sid/icd-10-cm',
  'http://hl7.org/fhir/sid/icd-o-3',
  'http://hl7.org/fhir/sid/icpc-1',
  'http://hl7.org/fhir/sid/icpc-2',
  'http://hl7.org/fhir/sid/cvx',
  'http://hl7.org/fhir/sid/ndc',
  'http://hl7.org/fhir/sid/icf-nl',
  'http://www.ama-assn.org/go/cpt',
  'http://www.genenames.org',
  'http://www.hl7.org/fhir/genenames',
  'http://standardterms.edqm.eu',
  'http://unitsofmeasure.org',
  'urn:iso:std:iso:11073:10101',
  'urn:oid:2.16.840.1.113883.6.42',
  'urn:oid:2.16.840.1.113883.6.90',
  'http://dicom.nema.org/resources/ontology/DCM',
]

const BY_URI = new Map(Object.entries(SYSTEMS).flatMap(([name, uris]) => uris.map((uri) => [uri, name] as const)))
const KNOWN = new Set([...BY_URI.keys(), ...WITHOUT_NAME])

/** @returns the name of the code system in the contracts, or undefined when no contract has one for it */
export function systemOfUri(uri: string): string | undefined {
  return BY_URI.get(uri)
}

/** @returns the usual URI of a code system, by its name in the contracts; undefined when it has none */
export function uriOfSystem(name: string): string | undefined {
  return Object.hasOwn(SYSTEMS, name) ? SYSTEMS[name]?.[0] : undefined
}

/** @returns whether the text is the URI or OID of a public code system; a producer's own URI could hold anything */
export function isKnownSystem(uri: string): boolean {
  return KNOWN.has(uri)
}
