/** The texts that the scrubber is measured on. */
import { existsSync, readFileSync } from 'node:fs'
import type { Mark, Sample } from './score.ts'
import type { Patient } from './simulated.ts'

const MARK = /\[([^[\]]*)\]\(([A-Z_]+)\)/g
/** Marked only to be read; no identifier. */
const NOT_AN_IDENTIFIER = 'O'

/**
 * @param path a file of texts that empty lines end, with `[value](LABEL)`; `\n` is an end of line; lines with `# ` are comments
 * @returns undefined when there is no such file
 */
export function readMarked(path: string): Sample[] | undefined {
  if (!existsSync(path)) return undefined
  return textsOf(readFileSync(path, 'utf8')).map((text, i) => parseMarked(String(i), text))
}

/** @param file the content of a file of texts @returns each text, its marks unread */
export const textsOf = (file: string): readonly string[] =>
  file
    .split('\n')
    .filter((line) => !line.startsWith('# '))
    .join('\n')
    .split(/\n\s*\n/)
    .filter((text) => text.trim() !== '')
    .map((text) => text.replaceAll('\\n', '\n'))

/** @param marked a text with `[value](LABEL)` */
export function parseMarked(id: string, marked: string): Sample {
  const marks: Mark[] = []
  let text = ''
  let last = 0
  let length = 0
  for (const match of marked.matchAll(MARK)) {
    const [whole, value = '', kind = ''] = match
    const between = marked.slice(last, match.index)
    text += between + value
    length += Array.from(between).length
    if (kind !== NOT_AN_IDENTIFIER) marks.push({ start: length, end: length + Array.from(value).length, kind })
    length += Array.from(value).length
    last = match.index + whole.length
  }
  return { id, text: text + marked.slice(last), marks }
}

/** @returns the same texts with values of simulated patients in the marks, and figures drawn anew */
export function refilled(samples: readonly Sample[], patients: readonly Patient[]): Sample[] {
  let drawn = 0
  return samples.map(({ id, text, marks }) => {
    const points = Array.from(text)
    const filled: Mark[] = []
    let out: string[] = []
    let last = 0
    for (const { start, end, kind } of marks) {
      out = [...out, ...points.slice(last, start)]
      const value = surrogate(kind, points.slice(start, end).join(''), patients[drawn++ % patients.length] as Patient)
      filled.push({ start: out.length, end: out.length + Array.from(value).length, kind })
      out = [...out, ...Array.from(value)]
      last = end
    }
    return { id, text: [...out, ...points.slice(last)].join(''), marks: filled }
  })

  function surrogate(kind: string, old: string, patient: Patient): string {
    const loud = old === old.toUpperCase()
    const written = (value: string) => (loud ? value.toUpperCase() : titled(value))
    switch (kind) {
      case 'NOM':
        return written(patient.used_family_name)
      case 'PRENOM':
        return old.length <= 3 ? old : written(patient.birth_given_names.split(' ')[0] ?? '')
      case 'VILLE':
        return written(patient.city)
      case 'ADRESSE':
        return loud ? patient.address_line.toUpperCase() : patient.address_line
      case 'ZIP':
        return patient.postcode
      case 'MAIL':
        return patient.email ?? old
      case 'TEL':
      case 'IPP':
      case 'NDA':
        // The first figure of a telephone number tells what it is.
        return old.replace(/\d/g, (digit, at: number) =>
          at < 2 ? digit : String((Number(digit) * 7 + drawn + at) % 10),
        )
      default:
        return old
    }
  }
}

const titled = (name: string): string =>
  name.toLowerCase().replace(/(^|[ '-])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())

/** @returns what a sender may know: the values of the marks of a text that are its patient's, here all but dates of care and places of care */
export function knownOfMarks({ text, marks }: Sample): unknown {
  const points = Array.from(text)
  const of = (...kinds: string[]) =>
    marks.filter(({ kind }) => kinds.includes(kind)).map(({ start, end }) => points.slice(start, end).join(''))
  return {
    names: of('NOM', 'PRENOM', 'NAME'),
    birth_date: of('DATE_NAISSANCE', 'BIRTH'),
    phone: of('TEL', 'PHONE'),
    email: of('MAIL', 'EMAIL'),
    address: of('ADRESSE', 'ADDRESS'),
    postcode: of('ZIP'),
    city: of('VILLE', 'CITY'),
    ids: of('IPP', 'NDA', 'SECU', 'ID', 'SSN'),
  }
}
