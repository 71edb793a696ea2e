/** Fills note templates: they put identities of patients into free text. */

import { COMMUNES } from '../data/communes.ts'
import { CONDITIONS, conditionBit } from '../data/conditions.ts'
import { COURSES, EXAMS, LIVINGS, NOTE_TEMPLATES, type NoteTemplate, STORIES } from '../data/note-templates.ts'
import type { Doctor } from '../hospital/hospital.ts'
import { spell } from '../hospital/hospital.ts'
import { ageAt } from '../people/person.ts'
import { type Random, type Weighted, weighted } from '../random.ts'
import { type DocumentRecord, timestamp } from '../records.ts'
import type { Visit } from './visit.ts'

type Kind = NoteTemplate['of']
/** Each template cut at its slots once: text, slot, text, slot, ... text. */
interface Prepared {
  readonly template: NoteTemplate
  readonly title: readonly string[]
  readonly text: readonly string[]
}

const SLOT = /\{(\w+)\}/
const prepared: readonly Prepared[] = NOTE_TEMPLATES.map((template) => ({
  template,
  title: template.title.split(SLOT),
  text: template.text.split(SLOT),
}))
const byKind = new Map<Kind, Weighted<Prepared>>(
  (['stay', 'emergency', 'consultation'] as const).map((kind) => [
    kind,
    weighted(
      prepared
        .filter(({ template }) => template.of === kind || template.of === 'any')
        .map((one) => [one, one.template.weight] as const),
    ),
  ]),
)
const COMMUNE_NAMES = new Map(COMMUNES.values.map(({ insee, name }) => [insee, name]))
const MONTHS = 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre'.split(' ')

/** @param treatment names of drugs, as one line */
export function note(visit: Visit, recordId: string, atMs: number, treatment: string, random: Random): DocumentRecord {
  const kind: Kind =
    visit.kind === 'emergency'
      ? 'emergency'
      : visit.kind === 'inpatient' || visit.kind === 'day_hospital'
        ? 'stay'
        : 'consultation'
  const { template, title, text } = (byKind.get(kind) as Weighted<Prepared>).draw(random)
  const doctor = random.pick(visit.hospital.doctors)
  const slots = slotsOf(visit, doctor, atMs, treatment, random)
  return {
    record_id: recordId,
    record_version: 0,
    operation: 'upsert',
    patient_ipp: visit.registration.ipp,
    encounter_nda: visit.nda,
    kind_system: 'loinc',
    status: 'current',
    doc_status: 'final',
    kind: template.loinc,
    authored_at: timestamp(atMs, visit.hospital.plusOne),
    author_rpps: doctor.rpps,
    title: fill(title, slots),
    text: fill(text, slots),
  }
}

function slotsOf(
  visit: Visit,
  doctor: Doctor,
  atMs: number,
  treatment: string,
  random: Random,
): Readonly<Record<string, string>> {
  const { hospital, registration } = visit
  const { person, identity } = registration
  const female = person.sex === 'female'
  const age = Math.max(0, Math.floor(ageAt(person, visit.startMs)))
  const [year = '', month = '', day = ''] = person.birthDate.split('-')
  const given = person.givenNames[0] ?? ''
  const family = person.usedFamilyName
  const other = random.pick(hospital.doctors)
  const referrer = random.pick(hospital.doctors)
  return {
    hospital: hospital.name,
    hospitalAddress: `${hospital.commune.postcode} ${hospital.commune.name}`,
    hospitalPhone: spaced(hospital.phone, ' '),
    civility:
      age < 16 ? 'l’enfant' : female ? (random.chance(0.8) ? 'Mme' : 'Madame') : random.chance(0.8) ? 'M.' : 'Monsieur',
    e: female ? 'e' : '',
    NAME: spell(family, random.chance(0.5) ? 'upper' : 'upper-accents'),
    BIRTHNAME: spell(person.birthFamilyName, 'upper'),
    Name: family,
    Given: given,
    age: String(age),
    birthSlash: `${day}/${month}/${year}`,
    birthShort: `${day}/${month}/${year.slice(2)}`,
    birthLong: longDate(person.birthMs),
    birthIso: person.birthDate,
    birthTown: COMMUNE_NAMES.get(person.birthPlace) ?? 'l’étranger',
    ipp: registration.ipp,
    nda: visit.nda,
    nir: identity.nir ? grouped(identity.nir) : 'non renseigné',
    address: person.home.line,
    postcode: person.home.commune.postcode,
    city: person.home.commune.name,
    phone: spaced(person.phone, random.pick([' ', '.', ''])),
    homePhone: spaced(person.home.phone, ' '),
    email: person.email ?? 'son domicile',
    relative: person.relative ?? 'son voisin',
    living: age < 18 ? 'avec ses parents' : random.pick(LIVINGS),
    history: historyOf(person.conditions),
    reason: visit.reason.label,
    story: random.pick(STORIES),
    exam: random.pick(EXAMS),
    course: random.pick(COURSES),
    treatment,
    weeks: String(random.int(2, 12)),
    start: slashDate(visit.startMs),
    startLong: longDate(visit.startMs),
    startTime: `${slashDate(atMs)} ${timestamp(atMs, true).slice(11, 16).replace(':', 'h')}`,
    end: slashDate(visit.endMs ?? atMs),
    doctor: doctor.signature,
    rpps: doctor.rpps,
    otherDoctor: other.signature,
    referrer: `le ${referrer.signature}`,
  }
}

function fill(pieces: readonly string[], slots: Readonly<Record<string, string>>): string {
  let text = ''
  for (let i = 0; i < pieces.length; i++) text += i % 2 === 0 ? pieces[i] : slots[pieces[i] ?? '']
  return text
}

function historyOf(conditions: number): string {
  if (conditions === 0) return 'sans particularité'
  return CONDITIONS.filter(({ name }) => conditions & conditionBit(name))
    .map(({ label }) => label)
    .join(', ')
}

/** `1 84 12 76 451 089 46`, as the card shows it. */
function grouped(nir: string): string {
  return `${nir.slice(0, 1)} ${nir.slice(1, 3)} ${nir.slice(3, 5)} ${nir.slice(5, 7)} ${nir.slice(7, 10)} ${nir.slice(10, 13)} ${nir.slice(13)}`
}

function spaced(phone: string, by: string): string {
  return phone.match(/../g)?.join(by) ?? phone
}

function slashDate(ms: number): string {
  const iso = new Date(ms).toISOString()
  return `${iso.slice(8, 10)}/${iso.slice(5, 7)}/${iso.slice(0, 4)}`
}

function longDate(ms: number): string {
  const date = new Date(ms)
  const day = date.getUTCDate()
  return `${day === 1 ? '1er' : day} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}
