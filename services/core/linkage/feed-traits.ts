/** Which traits the records of an installation have, by their contracts: `deidentify` encodes them, and the linker compares the same. */
import { createHash } from 'node:crypto'
import type { FeedContract, LinkageRole } from '../contract/types.ts'
import { comparedTraits, type RecordEncoder } from './encode.ts'
import type { Trait } from './traits.ts'

/** Roles of what is written of a person. The others say how far it is to be believed, and who else is the same person. */
export type TraitRole = Exclude<LinkageRole, 'identity_status' | 'same_patient'>

/** The trait that each role gives. INS and NIR are one number. */
export const TRAIT_OF_ROLE: Readonly<Record<TraitRole, Trait>> = {
  ins: 'national_id',
  nir: 'national_id',
  birth_family_name: 'birth_name',
  used_family_name: 'family_name',
  birth_given_names: 'given_name',
  birth_date: 'birth_date',
  sex: 'sex',
  birth_place_insee: 'birth_place',
  address_line: 'street',
  postcode: 'postcode',
  city: 'city',
  phone: 'phone',
  email: 'email',
}

export function isTraitRole(role: LinkageRole | undefined): role is TraitRole {
  return role !== undefined && role in TRAIT_OF_ROLE
}

/** @returns the traits of all linked feeds together: records of one feed are compared with those of another */
export function installationTraits(contracts: readonly FeedContract[]): ReadonlySet<Trait> {
  const written = new Set<Trait>()
  for (const { fields } of contracts)
    for (const { linkage } of fields) if (isTraitRole(linkage)) written.add(TRAIT_OF_ROLE[linkage])
  return comparedTraits(written)
}

/** @returns 8 bytes that tell two forms of an encoding apart: what was encoded in one cannot be compared in the other */
export function formOf({ layout, kinds }: Pick<RecordEncoder, 'layout' | 'kinds'>): Buffer {
  const form = JSON.stringify([layout, kinds.map(({ name }) => name)])
  return createHash('sha256').update(form).digest().subarray(0, 8)
}
