/** Traits that the sender of a text knows of its patient, read from any shape: no value is left out because its name is new. */
import { fold } from '../characters.ts'
import type { Kind } from '../types.ts'

export interface Trait {
  readonly kind: Kind
  readonly value: string
}

/** Parts of a field's folded name, and what the field then is; the first that fits counts. */
const BY_NAME: readonly (readonly [part: RegExp, kind: Kind])[] = [
  [/mail|courriel/, 'email'],
  [/fax|telecopie/, 'fax'],
  [/phone|tel|mobile|portable|gsm/, 'phone'],
  [/birth_?date|date_?(of_?)?birth|date_?naiss|naissance_?date|dob|ddn|birthday/, 'birth_date'],
  [/place|city|town|ville|commune/, 'city'],
  [/zip|post_?(al_?)?code|code_?postal|^cp$/, 'postcode'],
  [/address|adresse|street|rue|line|voie/, 'address'],
  [/nir|secu|^ins$|insee/, 'nir'],
  [/ssn|social/, 'ssn'],
  [/ipp|nip/, 'ipp'],
  [/nda|encounter|sejour|visit|venue/, 'nda'],
  [/mrn|record/, 'mrn'],
  [/rpps|adeli/, 'rpps'],
  [/hospital|hopital|etablissement/, 'hospital'],
  [/doctor|medecin|physician|professional|praticien/, 'professional'],
  [/name|nom|given|family|first|last|surname|alias|relative|kin|maiden|used/, 'name'],
  [/date|^(birth|naissance|born)$/, 'date'],
  [/url|site/, 'url'],
]

const DEEPEST = 6

/**
 * @param value of `known`: an object, an array or a string; leaves are strings or numbers
 * @returns each leaf with its kind, from the name of its field, else from its form
 * @throws TypeError when a leaf is neither text, number, null nor boolean, or lies deeper than six levels; it names the field
 */
export function readTraits(value: unknown): Trait[] {
  const traits: Trait[] = []
  collect(value, '', 0, traits)
  return traits
}

function collect(value: unknown, field: string, depth: number, traits: Trait[]): void {
  if (value === null || value === undefined || typeof value === 'boolean') return
  if (depth > DEEPEST) throw new TypeError(`known${field && `.${field}`} is nested too deeply`)
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value).trim()
    if (text !== '') traits.push({ kind: kindOf(field, text), value: text })
    return
  }
  if (typeof value !== 'object')
    throw new TypeError(`known${field && `.${field}`} is not text, a number, an object or a list`)
  const entries = Array.isArray(value) ? value.map((one): [string, unknown] => [field, one]) : Object.entries(value)
  for (const [name, one] of entries) collect(one, Array.isArray(value) ? field : name, depth + 1, traits)
}

function kindOf(field: string, value: string): Kind {
  const name = fold(field)
  const named = BY_NAME.find(([part]) => part.test(name))?.[1]
  if (named === 'date' || named === undefined) {
    if (/^\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}/.test(value)) return 'birth_date'
    if (value.includes('@')) return 'email'
    if (named === undefined) return /\d{4}/.test(value.replace(/[ .-]/g, '')) ? 'id' : 'name'
  }
  return named
}
