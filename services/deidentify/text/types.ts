/** What the text engine finds. */

/** Kinds of spans, as in the output and in the tags of a scrubbed text. */
export const KINDS = [
  'name',
  'professional',
  'address',
  'postcode',
  'city',
  'phone',
  'fax',
  'email',
  'url',
  'nir',
  'ssn',
  'ipp',
  'nda',
  'mrn',
  'rpps',
  'finess',
  'account',
  'ip',
  'device',
  'id',
  'date',
  'birth_date',
  'age_over_89',
  'hospital',
] as const
export type Kind = (typeof KINDS)[number]

export type Language = 'fr' | 'en'
export const LANGUAGES: readonly Language[] = ['fr', 'en']

/** Each can be measured alone. `repeats` needs what others found. */
export const LAYERS = ['shapes', 'dictionary', 'context', 'tagger', 'repeats', 'known'] as const
export type Layer = (typeof LAYERS)[number]

/** Offsets in UTF-16 code units of the text, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly kind: Kind
}

/** A span that a layer proposes. A certain one is final; the tagger weighs the others. */
export interface Finding extends Span {
  readonly certain: boolean
}
