/** Reads the keys of a token issuer from a file, or from its URL. */
import { readFile } from 'node:fs/promises'
import { ChainonError } from '#core/faults/errors.ts'
import { smallRequest } from '#core/http/small-request.ts'
import { type KeySet, readKeySet } from './key-set.ts'

const ACCEPTED = 'application/jwk-set+json, application/json'

/** @returns the keys @throws ChainonError token-keys with what is wrong, and nothing of what was read; a system error */
export async function keysOfFile(path: string): Promise<KeySet> {
  return parse(await readFile(path, 'utf8'))
}

/**
 * @param url https, or http of this machine
 * @param ca authority of the server's certificate, in PEM; undefined for those that Node trusts
 * @returns the keys @throws ChainonError token-keys with what is wrong, and nothing of what was answered; a system error
 */
export async function keysOfUrl(url: URL, ca: Buffer | undefined): Promise<KeySet> {
  const { status, body } = await smallRequest({ url, ca, headers: { accept: ACCEPTED } })
  if (status !== 200) throw new ChainonError('token-keys', `it is answered with the status ${status}`)
  return parse(body)
}

function parse(text: string): KeySet {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw new ChainonError('token-keys', 'it is not JSON')
  }
  const keys = readKeySet(given)
  if ('problem' in keys) throw new ChainonError('token-keys', keys.problem)
  return keys
}
