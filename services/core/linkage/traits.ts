/** The identity traits that the linkage compares. A data set has any subset of them. */

export const TRAITS = [
  'national_id',
  'family_name',
  'birth_name',
  'given_name',
  'middle_name',
  'birth_date',
  'sex',
  'birth_place',
  'street_number',
  'street',
  'unit',
  'city',
  'region',
  'postcode',
  'phone',
  'email',
] as const
export type Trait = (typeof TRAITS)[number]

/** Values as written, or in their normal form; a trait that is absent or empty is missing. */
export type Traits = Readonly<Partial<Record<Trait, string>>>

export const DATE_FORMATS = ['YYYYMMDD', 'YYYY-MM-DD', 'DD/MM/YYYY', 'MM/DD/YYYY'] as const
export type DateFormat = (typeof DATE_FORMATS)[number]
