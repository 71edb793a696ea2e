/**
 * Ids under which tokens are revoked, journalled and slowed down. They have the form of a key's id, so that the file of revocations and everything that
 * reads it holds for both; the ids of keys begin with a hexadecimal digit, these do not.
 */
import { hash } from 'node:crypto'
import { KEY_ID } from './format.ts'

const DIGITS = 11

/** @param subject the claim `sub` @returns for instance `t0123456789a`: everything that is issued to the subject */
export function subjectId(subject: string): string {
  return `t${digits('sub', subject)}`
}

/** @param jti the claim `jti` @returns for instance `j0123456789a`: one token */
export function tokenId(jti: string): string {
  return `j${digits('jti', jti)}`
}

/** @returns whether the id is one of a token: it is in no file of keys */
export function isOfToken(id: string): boolean {
  return KEY_ID.test(id) && /^[tj]/.test(id)
}

/** 56 bits in base 36: an id is no secret, and two that are equal are only revoked together. */
function digits(claim: string, value: string): string {
  const hashed = BigInt(`0x${hash('sha256', `chainon/token\n${claim}\n${value}`, 'hex')}`)
  return hashed.toString(36).slice(-DIGITS)
}
