/** Names, addresses and telephone numbers of a PID (XPN, XAD, XTN), by their type. */
import type { Field, Segment } from './segment.ts'

/** HL7 table 0200. In the French profile `L` is the name of birth, elsewhere the legal name, which a `B` or `M` beside it shows. */
const BIRTH = ['B', 'M', 'L']
const USED = ['D', 'L']

export function birthFamilyName(pid: Segment): string | null {
  return birthName(pid)?.text(1, 1) ?? null
}

/** @returns the given names in their order; the French profile repeats the first one in the list of all, XPN-3 */
export function birthGivenNames(pid: Segment): string | null {
  const legal = pid.repetitions(5).find((name) => name.text(7) === 'L')
  const name = legal ?? birthName(pid)
  const first = name?.text(2)
  const others = name?.text(3)
  if (first === undefined || others === undefined) return first ?? others ?? null
  return others === first || others.startsWith(`${first} `) ? others : `${first} ${others}`
}

/** @returns the family name in use, where it is another type of name than that of birth */
export function usedFamilyName(pid: Segment): string | null {
  const birth = birthName(pid)?.text(7)
  const names = pid.repetitions(5)
  const used = USED.filter((type) => type !== birth).map((type) => names.find((name) => name.text(7) === type))
  return used.find((name) => name !== undefined)?.text(1, 1) ?? null
}

/** @returns the INSEE code of the birth place: XAD-9 of the address of type BDL */
export function birthPlace(pid: Segment): string | null {
  return (
    pid
      .repetitions(11)
      .find((address) => address.text(7) === 'BDL')
      ?.text(9) ?? null
  )
}

/** @returns the address of residence: of type H, else the first that is neither a place of birth nor one that is no longer right */
export function residence(pid: Segment): Field | undefined {
  const addresses = pid.repetitions(11)
  const isHome = (address: Field) => !['BDL', 'N', 'F', 'BR', 'BA', 'O', 'B'].includes(address.text(7) ?? '')
  return addresses.find((address) => address.text(7) === 'H') ?? addresses.find(isHome)
}

export function streetOf(address: Field | undefined): string | null {
  return [address?.text(1, 1), address?.text(2)].filter((line) => line !== undefined).join(', ') || null
}

/** @returns the number of PID-13: XTN-1, or XTN-12 (from 2.7 on) */
export function phone(pid: Segment): string | null {
  const found = pid.repetitions(13).find((one) => !isEmail(one) && (one.text(1) ?? one.text(12)) !== undefined)
  return found?.text(1) ?? found?.text(12) ?? null
}

/** @returns the e-mail address of PID-13: XTN-4 */
export function email(pid: Segment): string | null {
  return pid.repetitions(13).find(isEmail)?.text(4) ?? null
}

function isEmail(one: Field): boolean {
  return one.text(4) !== undefined
}

function birthName(pid: Segment): Field | undefined {
  const names = pid.repetitions(5)
  const found = BIRTH.map((type) => names.find((name) => name.text(7) === type)).find((name) => name !== undefined)
  return found ?? names.find((name) => (name.text(7) ?? 'U') === 'U')
}
