/**
 * Linkage tokens in the kept log, sealed for `curate` alone: a number has so little entropy that the key of the tokens and one message would give it
 * back. A data key of each start of `deidentify`, wrapped by HPKE for the public key of `curate`, seals the tokens of a record by
 * AES-256-GCM, bound to the record. All sealed tokens of one to five have the same length.
 *
 *   form u8 | key id 8 bytes | wrapped data key 80 bytes | number u64 | box
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { ChainonError } from '../faults/errors.ts'
import { openBox, sealBox } from './envelope.ts'
import { DATA_KEY_BYTES, ENC_BYTES, keyIdOf, publicKeyOf, unwrapDataKey, wrapDataKey } from './hpke.ts'

const FORM = 1
const KEY_ID_BYTES = 8
const TAG_BYTES = 16
const WRAPPED_BYTES = ENC_BYTES + DATA_KEY_BYTES + TAG_BYTES
const KEY_AT = 1
const WRAPPED_AT = KEY_AT + KEY_ID_BYTES
const NUMBER_AT = WRAPPED_AT + WRAPPED_BYTES
const BOX_AT = NUMBER_AT + 8
/** The plain tokens are filled up to a multiple of it: five of the longest. */
const FILLED_BYTES = 192
/** One for each start of `deidentify`. */
const DATA_KEYS_KEPT = 10_000

/** The record that the tokens are of: moved to another one they cannot be opened. */
export interface TokenPlace {
  readonly feed: string
  /** First-level pseudonym. */
  readonly recordId: string
}

/** Never the same bytes twice. */
export type SealTokens = (tokens: readonly string[], place: TokenPlace) => Buffer

export interface TokenOpener {
  /**
   * Unwraps the data keys of these values; call before `open`.
   * @throws ChainonError sealing-key-unknown when one was sealed for another key
   */
  prepare(sealed: readonly unknown[]): Promise<void>
  /** @returns undefined when they were changed, or belong to another record */
  open(sealed: unknown, place: TokenPlace): readonly string[] | undefined
}

/** @param publicKey of `curate`, 32 bytes */
export async function tokenSealer(publicKey: Buffer): Promise<SealTokens> {
  const dataKey = randomBytes(DATA_KEY_BYTES)
  const head = Buffer.concat([
    Buffer.from([FORM]),
    Buffer.from(keyIdOf(publicKey), 'hex'),
    await wrapDataKey(publicKey, dataKey),
  ])
  const key = createSecretKey(dataKey)
  let next = 0
  return function sealTokens(tokens, place) {
    const text = tokens.join('\n')
    const plain = Buffer.alloc(Math.max(1, Math.ceil(text.length / FILLED_BYTES)) * FILLED_BYTES, '\n')
    plain.write(text, 'latin1')
    const number = Buffer.alloc(8)
    number.writeBigUInt64BE(BigInt(next))
    return Buffer.concat([head, number, sealBox(key, next++, plain, placeOf(place))])
  }
}

/**
 * @param seeds of the key pairs for which tokens are sealed, 32 bytes each
 * @param look for what was made since, when tokens are sealed for a key that is not among the seeds
 */
export async function tokenOpener(
  seeds: readonly Buffer[],
  look: () => Promise<readonly Buffer[]> = async () => [],
): Promise<TokenOpener> {
  const own = new Map<string, Buffer>()
  const add = async (all: readonly Buffer[]) => {
    for (const seed of all) own.set(keyIdOf(await publicKeyOf(seed)), seed)
  }
  await add(seeds)
  const dataKeys = new Map<string, KeyObject | undefined>()
  const nameOf = (sealed: Buffer) => sealed.toString('latin1', WRAPPED_AT, NUMBER_AT)
  return {
    async prepare(values) {
      if (dataKeys.size > DATA_KEYS_KEPT) dataKeys.clear()
      for (const sealed of values) {
        if (!hasForm(sealed) || dataKeys.has(nameOf(sealed))) continue
        const id = sealed.toString('hex', KEY_AT, WRAPPED_AT)
        if (!own.has(id)) await add(await look())
        const seed = own.get(id)
        if (!seed)
          throw new ChainonError(
            'sealing-key-unknown',
            `linkage tokens are sealed for the key ${id}, and ${[...own.keys()].join(', ')} is in the secrets of curate: restore it from a backup`,
          )
        const dataKey = await unwrapDataKey(seed, sealed.subarray(WRAPPED_AT, NUMBER_AT))
        dataKeys.set(nameOf(sealed), dataKey && createSecretKey(dataKey))
      }
    },
    open(sealed, place) {
      if (!hasForm(sealed)) return undefined
      const dataKey = dataKeys.get(nameOf(sealed))
      if (!dataKey) return undefined
      const n = Number(sealed.readBigUInt64BE(NUMBER_AT))
      const plain = openBox(dataKey, { n, box: sealed.subarray(BOX_AT) }, placeOf(place))
      return plain?.toString('latin1').split('\n').filter(Boolean)
    },
  }
}

const hasForm = (sealed: unknown): sealed is Buffer =>
  Buffer.isBuffer(sealed) && sealed.length >= BOX_AT + TAG_BYTES && sealed[0] === FORM

const placeOf = ({ feed, recordId }: TokenPlace) => ({ topic: `tokens of ${feed}`, key: recordId })
