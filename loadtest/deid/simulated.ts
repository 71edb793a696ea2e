/** Notes of the simulator with the traits of their patient, as a platform has them: from the feeds of one simulated hospital. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mark, Sample } from './score.ts'

export interface Patient {
  readonly patient_ipp: string
  readonly nir: string | null
  readonly birth_family_name: string
  readonly birth_given_names: string
  readonly birth_date: string
  readonly used_family_name: string
  readonly address_line: string
  readonly postcode: string
  readonly city: string
  readonly phone: string
  readonly email: string | null
}
interface Note {
  readonly record_id: string
  readonly patient_ipp: string
  readonly encounter_nda: string
  readonly author_rpps: string
  readonly text: string
}

const ROOT = join(import.meta.dirname, '../..')

/** @param folder empty; the simulator writes its feeds there */
export function simulate(folder: string, records: number): { patients: readonly Patient[]; notes: readonly Sample[] } {
  const options = [
    '--hospitals',
    '1',
    '--patients',
    '1500',
    '--rate',
    '0',
    '--records',
    String(records),
    '--out',
    folder,
  ]
  execFileSync(process.execPath, [join(ROOT, 'services/synthetic/main.ts'), 'simulate', ...options], {
    stdio: 'ignore',
  })
  const feed = <T>(name: string) =>
    readFileSync(join(folder, 'hospital-1', `${name}.ndjson`), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T)
  const patients = feed<Patient>('patient').filter(isComplete)
  const byIpp = new Map(patients.map((patient) => [patient.patient_ipp, patient]))
  const notes = feed<Note>('document').flatMap((note) => {
    const patient = byIpp.get(note.patient_ipp)
    return patient ? [sample(note, patient)] : []
  })
  return { patients, notes }
}

/** The simulator leaves traits out, as hospitals do; here each is needed. */
const isComplete = (patient: Patient): boolean =>
  [
    patient.birth_family_name,
    patient.birth_given_names,
    patient.birth_date,
    patient.used_family_name,
    patient.address_line,
    patient.postcode,
    patient.city,
    patient.phone,
  ].every(Boolean)

/** The patient's own traits wherever the note has them. Other identifiers (professionals, dates of care) are not marked. */
function sample(note: Note, patient: Patient): Sample {
  const marks = traitsOf(note, patient).flatMap(([kind, form]) =>
    occurrences(note.text, form).map((found) => ({ ...found, kind })),
  )
  const known = { ...patient, encounter_nda: note.encounter_nda, author_rpps: note.author_rpps }
  return { id: note.record_id, text: note.text, marks, known, partial: true }
}

/** @returns what a record with a text says where it has the numbers of patient, stay and author beside it, and no names */
export function numbersOf({ known }: Sample): Pick<Note, 'patient_ipp' | 'encounter_nda' | 'author_rpps'> {
  const { author_rpps, encounter_nda, patient_ipp } = known as Note
  return { patient_ipp, encounter_nda, author_rpps }
}

function traitsOf(note: Note, patient: Patient): [kind: string, form: RegExp][] {
  const [year = '', month = '', day = ''] = patient.birth_date.split('-')
  const names = [patient.birth_family_name, patient.used_family_name, ...patient.birth_given_names.split(' ')]
  const numbers: [string, string | null][] = [
    ['ipp', patient.patient_ipp],
    ['nda', note.encounter_nda],
    ['nir', patient.nir],
    ['phone', patient.phone],
    ['rpps', note.author_rpps],
  ]
  return [
    ...names.filter((name) => name.length > 2).map((name): [string, RegExp] => ['name', words(name)]),
    [
      'birth_date',
      new RegExp(`(?<!\\d)(?:${day}/${month}/(?:${year}|${year.slice(2)})|${patient.birth_date})(?!\\d)`, 'g'),
    ],
    ...numbers.flatMap(([kind, value]): [string, RegExp][] =>
      value ? [[kind, new RegExp(`(?<!\\d)${Array.from(value).join('[ .]?')}(?!\\d)`, 'g')]] : [],
    ),
    ...(patient.email ? [['email', words(patient.email)] as [string, RegExp]] : []),
    ['address', words(patient.address_line)],
  ]
}

/** Whole words, whatever their case and accents. */
function words(value: string): RegExp {
  const accents: Readonly<Record<string, string>> = {
    a: '[aàâä]',
    c: '[cç]',
    e: '[eéèêë]',
    i: '[iîï]',
    o: '[oôö]',
    u: '[uùûü]',
    y: '[yÿ]',
  }
  const source = Array.from(value.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()).map(
    (char) => accents[char] ?? (/[a-z0-9]/.test(char) ? char : /[-' ’]/.test(char) ? "[-' ’]" : `[${char}]`),
  )
  return new RegExp(`(?<![\\p{L}\\d])${source.join('')}(?![\\p{L}\\d])`, 'giu')
}

function occurrences(text: string, form: RegExp): Omit<Mark, 'kind'>[] {
  return [...text.matchAll(form)].map((match) => {
    const start = Array.from(text.slice(0, match.index)).length
    return { start, end: start + Array.from(match[0]).length }
  })
}
