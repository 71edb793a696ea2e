/**
 * Code systems by which a contract may guard a field whose value is kept: what each accepts is too narrow for the name or the number of a
 * person. Where a system has a check digit, it is checked.
 */
import {
  isValidCip7,
  isValidEan13,
  isValidLoinc,
  isValidLoincAnswer,
  isValidLuhn,
  isValidVerhoeff,
} from '../rules/check-digits.ts'
import { isKnownSystem } from '../terminology/uris.ts'
import { isUcumUnit } from './ucum.ts'

export interface CodeSystem {
  /** For people: what is accepted. */
  readonly form: string
  /** Accepted; used by documents and tests. */
  readonly example: string
  /** What a value of this form can still say of a person; empty when nothing is known. */
  readonly risk: string
  readonly accepts: (text: string) => boolean
}

function matching(form: string, example: string, pattern: RegExp, risk = ''): CodeSystem {
  return { form, example, risk, accepts: (text) => pattern.test(text) }
}

/** NGAP: the letter keys, with a coefficient. */
const NGAP_KEYS =
  'AIS|AMC|AMI|AMK|AMO|AMP|AMS|AMX|AMY|APC|APU|APV|APY|BSA|BSB|BSC|C|CNP|CS|CSC|D|DI|FPE|G|GS|IFA|IFD|IK|K|KC|KE|MCG|MCS|MPC|PRO|SF|SFI|SP|SPM|SPR|TB|TC|TCG|TCS|TE|TLS|TO|TP|V|VG|VGS|VL|VS|Z'

const NO_CHECK = 'No check digit: a short number can be put into it.'

const SYSTEMS = {
  cim10: matching(
    'CIM-10 as in the PMSI, without a dot: one letter and at most 5 digits, or a + and 2 digits',
    'E119',
    /^[A-Z]\d{2}(?:\d{0,3}|\d?\+\d{1,2})$/,
    'A rare disease singles a person out.',
  ),
  icd11: matching(
    'ICD-11 MMS stem code; its third character is a digit',
    '5A11',
    /^[1-9A-HJ-NP-Z][A-HJ-NP-Z]\d[0-9A-HJ-NP-Z](?:\.[0-9A-HJ-NP-Z]{1,2})?$/,
    'A rare disease singles a person out.',
  ),
  orpha: matching('ORPHA code: at most 6 digits', '558', /^[1-9]\d{0,5}$/, 'A rare disease singles a person out.'),
  ccam: matching(
    'CCAM: 4 letters, 3 digits, and the extension of the PMSI',
    'HHFA016',
    /^[A-Z]{4}\d{3}(?:-\d{2})?$/,
    'Four letters and three digits without a check digit: a name of four letters can be put into it.',
  ),
  ngap: matching(
    'NGAP: a letter key and a coefficient',
    'AMI 1.5',
    new RegExp(`^(?:${NGAP_KEYS})(?: ?\\d{1,2}(?:[.,]\\d{1,2})?)?$`),
  ),
  snomed: {
    form: 'SNOMED CT concept: 6 to 18 digits, partition of a concept, Verhoeff check digit',
    example: '44054006',
    risk: 'A rare finding singles a person out.',
    accepts: (text) => /^[1-9]\d{2,14}[01]0\d$/.test(text) && isValidVerhoeff(text),
  },
  loinc: {
    form: 'LOINC: at most 5 digits, a hyphen and the check digit; or a temporary code, X, 4 or 5 digits, a hyphen and a digit',
    example: '718-7',
    risk: '',
    accepts: (text) => (text.length <= 7 && isValidLoinc(text)) || /^X\d{4,5}-\d$/.test(text),
  },
  'loinc-answer': {
    form: 'LOINC answer: LA, at most 6 digits, a hyphen and the check digit',
    example: 'LA32-8',
    risk: '',
    accepts: isValidLoincAnswer,
  },
  nabm: matching('NABM: 4 digits, leading zeros may be missing', '1104', /^\d{1,4}$/, NO_CHECK),
  atc: matching('ATC: a group and its levels', 'N02BE01', /^[ABCDGHJLMNPRSV](?:\d{2}(?:[A-Z](?:[A-Z](?:\d{2})?)?)?)?$/),
  ucd: {
    form: 'UCD: 34008, 7 digits and the EAN-13 key; or 7 digits that begin with 9 and end with their key',
    example: '3400891234572',
    risk: '',
    accepts: (text) => (text.startsWith('34008') && isValidEan13(text)) || (text.startsWith('9') && isValidCip7(text)),
  },
  cip: {
    form: 'CIP: 3400, 8 digits and the EAN-13 key; or 7 digits that end with their key',
    example: '3400935955838',
    risk: '',
    accepts: (text) => (/^3400[^8]/.test(text) && isValidEan13(text)) || (/^[2-9]/.test(text) && isValidCip7(text)),
  },
  lpp: matching('LPP: 7 digits', '1234567', /^\d{7}$/, NO_CHECK),
  rxnorm: matching('RxNorm concept (RXCUI): at most 7 digits', '314076', /^[1-9]\d{0,6}$/, NO_CHECK),
  cvx: matching('CVX: at most 3 digits', '140', /^\d{1,3}$/),
  edqm: matching('EDQM standard terms: 8 digits that begin with 1 or 2 and end with 000', '20053000', /^[12]\d{4}000$/),
  ucum: {
    form: 'a unit of UCUM; annotations from a list, exponents of at most 2 digits',
    example: 'mmol/L',
    risk: '',
    accepts: isUcumUnit,
  },
  finess: {
    form: 'FINESS: 9 digits with the Luhn key, or 2A or 2B and 7 digits',
    example: '750712184',
    risk: 'Names the establishment; a small one narrows down its patients.',
    accepts: (text) => (/^\d{9}$/.test(text) && isValidLuhn(text)) || /^2[AB]\d{7}$/.test(text),
  },
  'dicom-uid': matching(
    'UID of the DICOM standard itself (root 1.2.840.10008), arcs of at most 3 digits; never one of a vendor or an establishment',
    '1.2.840.10008.5.1.4.1.1.2',
    /^1\.2\.840\.10008(?:\.(?:0|[1-9]\d{0,2})){1,10}$/,
    'No check digit: a number can be spread over the arcs.',
  ),
  'short-code': matching(
    'a code of the producer (a ward, a local test): at most 2 letters, 1 to 4 digits, at most 1 letter',
    '3110',
    /^[A-Z]{0,2}-?\d{1,4}[A-Z]?$/,
    'Its meaning is the producer’s; a small ward narrows down its patients.',
  ),
  'code-system': {
    form: 'URI or OID of a public code system that Chainon knows',
    example: 'http://loinc.org',
    risk: '',
    accepts: isKnownSystem,
  },
  'iso-3166': {
    form: 'ISO 3166-1 country code of 2 letters',
    example: 'FR',
    risk: 'A rare country singles a person out.',
    accepts: (text) => /^[A-Z]{2}$/.test(text) && REGIONS.of(text) !== undefined,
  },
  'iso-639': {
    form: 'ISO 639-1 language code of 2 letters',
    example: 'fr',
    risk: 'A rare language singles a person out.',
    accepts: (text) => /^[a-z]{2}$/.test(text) && LANGUAGES.of(text) !== undefined,
  },
} as const satisfies Record<string, CodeSystem>

const REGIONS = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
const LANGUAGES = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' })

export type CodeSystemName = keyof typeof SYSTEMS

export const CODE_SYSTEMS: Readonly<Record<CodeSystemName, CodeSystem>> = SYSTEMS

/** In the order of the table. */
export const CODE_SYSTEM_NAMES = Object.keys(SYSTEMS) as CodeSystemName[]
