/** What the tagger decides for a token. Kinds that only differ by their label are one here; `kinds.ts` tells them apart. */
import type { Kind } from '../types.ts'

export const TAGS = [
  'none',
  'given',
  'family',
  'city',
  'hospital',
  'address',
  'postcode',
  'date',
  'phone',
  'id',
  'nir',
  'email',
] as const
export type Tag = (typeof TAGS)[number]
export const TAG_COUNT = TAGS.length
export const NONE = 0

const OF_KIND: Readonly<Record<Kind, Tag>> = {
  name: 'family',
  professional: 'family',
  address: 'address',
  postcode: 'postcode',
  city: 'city',
  phone: 'phone',
  fax: 'phone',
  email: 'email',
  url: 'email',
  nir: 'nir',
  ssn: 'nir',
  ipp: 'id',
  nda: 'id',
  mrn: 'id',
  rpps: 'id',
  finess: 'id',
  account: 'id',
  ip: 'id',
  device: 'id',
  id: 'id',
  date: 'date',
  birth_date: 'date',
  age_over_89: 'date',
  hospital: 'hospital',
}
export const tagOf = (kind: Kind): number => TAGS.indexOf(OF_KIND[kind])

const KIND_OF: Readonly<Record<Exclude<Tag, 'none'>, Kind>> = {
  given: 'name',
  family: 'name',
  city: 'city',
  hospital: 'hospital',
  address: 'address',
  postcode: 'postcode',
  date: 'date',
  phone: 'phone',
  id: 'id',
  nir: 'nir',
  email: 'email',
}
/** @param tag not NONE */
export const kindOf = (tag: number): Kind => KIND_OF[TAGS[tag] as Exclude<Tag, 'none'>]
