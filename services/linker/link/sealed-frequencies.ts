/**
 * How frequent values are in the index, as it keeps them: sealed, as a list of names is read from them. The part in clear, which is authenticated, is the form
 * alone.
 */
import { type Frequencies, NO_FREQUENCIES } from '#core/linkage/frequencies.ts'
import type { IndexKeys } from '../index/keys.ts'

export interface Counted {
  /** Records that the index had when the values of its persons were counted; 0: they never were. */
  readonly records: number
  readonly frequencies: Frequencies
}

const HEAD = Buffer.from('frequencies 1')

export function sealFrequencies(keys: Pick<IndexKeys, 'seal'>, counted: Counted): Buffer {
  return keys.seal(HEAD, Buffer.from(JSON.stringify(counted)))
}

/** @param sealed what `sealFrequencies` returned; undefined: none were counted @throws ChainonError seal-broken */
export function openFrequencies(keys: Pick<IndexKeys, 'open'>, sealed: Buffer | undefined): Counted {
  if (!sealed) return { records: 0, frequencies: NO_FREQUENCIES }
  return JSON.parse(keys.open(sealed, HEAD.length).toString()) as Counted
}
