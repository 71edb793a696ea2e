/** Identifiers that mix letters and figures: IBAN, MAC address, UUID, serial and accession numbers. */
import type { Finding } from '../types.ts'
import { endAt, finding, pattern } from './match.ts'

const IBAN = pattern(`[A-Z]{2}\\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?![A-Z0-9])`)
const UUID = pattern(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])`)
const MAC = pattern(`[0-9a-f]{2}(?:[:\\-][0-9a-f]{2}){5}(?![0-9a-f:])`)
/** At least five figures somewhere in it. */
const MIXED = pattern(`(?=(?:[A-Z\\-_/]{0,12}\\d){5})[A-Z0-9](?:[A-Z0-9]|[\\-_/](?=[A-Z0-9])){5,30}(?![\\p{L}\\d])`)
const UK_POSTCODE = pattern(`[A-Z]{1,2}\\d[A-Z\\d]?[ ]\\d[A-Z]{2}(?![\\p{L}\\d])`)

/** @param at where a word or number begins, with nothing glued before it */
export function codeAt(text: string, at: number): Finding | undefined {
  const iban = endAt(IBAN, text, at)
  if (iban > 0 && isValidIban(text.slice(at, iban))) return finding(at, iban, 'account')
  const uuid = endAt(UUID, text, at)
  if (uuid > 0) return finding(at, uuid, 'device')
  const mac = endAt(MAC, text, at)
  if (mac > 0) return finding(at, mac, 'device')
  const postcode = endAt(UK_POSTCODE, text, at)
  if (postcode > 0) return finding(at, postcode, 'postcode', false)
  const mixed = endAt(MIXED, text, at)
  return mixed > 0 && /\d/.test(text.slice(at, mixed)) && /[A-Z]/i.test(text.slice(at, mixed))
    ? finding(at, mixed, 'id', false)
    : undefined
}

/** ISO 13616: the first four characters moved to the end, letters as 10 to 35, remainder 1 by 97. */
function isValidIban(text: string): boolean {
  const iban = text.replace(/ /g, '').toUpperCase()
  let rest = 0
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(char, 36)
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97
  }
  return rest === 1
}
