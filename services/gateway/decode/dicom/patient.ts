/** Whose instance it is: the IPP, by its issuer. */

import type { Elements } from '#core/dicom/dataset.ts'
import type { Decode } from './charset.ts'
import { Refusal } from './refusal.ts'
import { firstItem, itemsOf, textOf } from './values.ts'

export const PATIENT_ID = '(0010,0020)'
const ISSUER = '(0010,0021)'
const OTHER_IDS = '(0010,1002)'
const ISSUER_QUALIFIERS = '(0010,0024)'
const UNIVERSAL_ID = '(0040,0032)'

/**
 * @param authorities whose identifiers are the IPP; empty: the one of the file is, whoever has issued it
 * @returns (0010,0020) where its issuer is one of them or is not named, else the one of (0010,1002) whose issuer is; a refusal when there is none, or several
 */
export function ippOf(of: Elements, decode: Decode, authorities: readonly string[]): string | Refusal {
  const own = textOf(of, PATIENT_ID, decode)
  if (own instanceof Refusal) return own
  if (own !== undefined && (authorities.length === 0 || isOf(of, decode, authorities, true))) return own
  const found = new Set<string>()
  for (const item of authorities.length === 0 ? [] : itemsOf(of, OTHER_IDS)) {
    const id = textOf(item, PATIENT_ID, decode)
    if (id instanceof Refusal) return id
    if (id !== undefined && isOf(item, decode, authorities, false)) found.add(id)
  }
  if (found.size > 1) return new Refusal('ambiguous-identifier', OTHER_IDS)
  const [only] = found
  return only ?? new Refusal('required', PATIENT_ID)
}

function isOf(of: Elements, decode: Decode, authorities: readonly string[], unnamed: boolean): boolean {
  const qualifiers = firstItem(of, ISSUER_QUALIFIERS)
  const names = [textOf(of, ISSUER, decode), qualifiers && textOf(qualifiers, UNIVERSAL_ID, decode)]
  const written = names.filter((name) => typeof name === 'string')
  return written.length === 0 ? unnamed : written.some((name) => authorities.includes(name))
}
