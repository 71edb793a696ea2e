/**
 * Linkage tokens in the kept log, sealed for `curate` alone: a number has so little entropy that the key of the tokens and one message would give it
 * back. A data key of each start of `deidentify`, wrapped by HPKE for the public key of `curate`, seals the tokens of a record by
 * AES-256-GCM, bound to the record. All sealed tokens of one to five have the same length.
 *
 *   form 1 | key id 8 bytes | wrapped data key 80 bytes | number u64 | box
 *   form 2 | the same | version of the wrap u16 | box: its key is made of the data key and of the key of the wrap (crypto/token-wrap.ts)
 */
import { type KeyObject, randomBytes } from 'node:crypto'
import { TOKENS_NOT_WRAPPED, type TokenWrap } from '../crypto/token-wrap.ts'
import { ChainonError } from '../faults/errors.ts'
import { openBox, sealBox } from './envelope.ts'
import { DATA_KEY_BYTES, ENC_BYTES, keyIdOf, publicKeyOf, unwrapDataKey, wrapDataKey } from './hpke.ts'

const [FORM, WRAPPED_FORM] = [1, 2]
const KEY_ID_BYTES = 8
const TAG_BYTES = 16
const WRAPPED_BYTES = ENC_BYTES + DATA_KEY_BYTES + TAG_BYTES
const KEY_AT = 1
const WRAPPED_AT = KEY_AT + KEY_ID_BYTES
const NUMBER_AT = WRAPPED_AT + WRAPPED_BYTES
const BOX_AT = NUMBER_AT + 8
const VERSION_BYTES = 2
/** The plain tokens are filled up to a multiple of it: five of the longest. */
const FILLED_BYTES = 192
/** One for each start of `deidentify`. */
const DATA_KEYS_KEPT = 10_000

/** The record that the tokens are of: moved to another one they cannot be opened. */
export interface TokenPlace {
  readonly feed: string
  /** First-level pseudonym, as it was made: not wrapped. */
  readonly recordId: string
}

/** Never the same bytes twice. */
export type SealTokens = (tokens: readonly string[], place: TokenPlace) => Buffer

export interface TokenOpener {
  /**
   * Unwraps the data keys of these values; call before `open`.
   * @throws ChainonError sealing-key-unknown when one was sealed for another key; key-rotation when one is under a version of the wrap that is not here
   */
  prepare(sealed: readonly unknown[]): Promise<void>
  /** @returns undefined when they were changed, belong to another record, or are for a retired key @throws ChainonError bug before `prepare` */
  open(sealed: unknown, place: TokenPlace): readonly string[] | undefined
}

/** Under which keys tokens are sealed, as they say themselves: who has changed them can say anything. */
export interface SealedUnder {
  /** See `keyIdOf`. */
  readonly keyId: string
  /** Of the wrap; 1 for none. */
  readonly wrap: number
}

/** @returns undefined for what are no sealed tokens */
export function sealedUnder(sealed: unknown): SealedUnder | undefined {
  if (!Buffer.isBuffer(sealed)) return undefined
  const boxAt = sealed[0] === FORM ? BOX_AT : sealed[0] === WRAPPED_FORM ? BOX_AT + VERSION_BYTES : undefined
  if (boxAt === undefined || sealed.length < boxAt + TAG_BYTES) return undefined
  const wrap = boxAt === BOX_AT ? 1 : sealed.readUInt16BE(BOX_AT)
  // Version 1 is no wrap, and has a form of its own.
  if (boxAt !== BOX_AT && wrap < 2) return undefined
  return { keyId: sealed.toString('hex', KEY_AT, WRAPPED_AT), wrap }
}

/**
 * @param publicKey of `curate`, 32 bytes
 * @param wrap with the version in force
 */
export async function tokenSealer(publicKey: Buffer, wrap: TokenWrap = TOKENS_NOT_WRAPPED): Promise<SealTokens> {
  const dataKey = randomBytes(DATA_KEY_BYTES)
  const { version } = wrap
  const head = Buffer.concat([
    Buffer.from([version === 1 ? FORM : WRAPPED_FORM]),
    Buffer.from(keyIdOf(publicKey), 'hex'),
    await wrapDataKey(publicKey, dataKey),
  ])
  const tail = Buffer.alloc(version === 1 ? 0 : VERSION_BYTES)
  if (version > 1) tail.writeUInt16BE(version)
  const key = wrap.boxKey(dataKey, version)
  let next = 0
  return function sealTokens(tokens, place) {
    const text = tokens.join('\n')
    const plain = Buffer.alloc(Math.max(1, Math.ceil(text.length / FILLED_BYTES)) * FILLED_BYTES, '\n')
    plain.write(text, 'latin1')
    const number = Buffer.alloc(8)
    number.writeBigUInt64BE(BigInt(next))
    return Buffer.concat([head, number, tail, sealBox(key, next++, plain, placeOf(place))])
  }
}

export interface OpenerOptions {
  /** With the versions under which tokens may be; none by default. */
  readonly wrap?: TokenWrap
  /** Looks for what was made since, when tokens are sealed for a key that is not among the seeds. */
  readonly look?: () => Promise<readonly Buffer[]>
  /** Ids of public keys whose seed was destroyed when nothing was sealed for them: what names one of them opens nowhere. */
  readonly retired?: readonly string[]
}

/** @param seeds of the key pairs for which tokens are sealed, 32 bytes each */
export async function tokenOpener(
  seeds: readonly Buffer[],
  { wrap = TOKENS_NOT_WRAPPED, look = async () => [], retired = [] }: OpenerOptions = {},
): Promise<TokenOpener> {
  const own = new Map<string, Buffer>()
  const add = async (all: readonly Buffer[]) => {
    for (const seed of all) own.set(keyIdOf(await publicKeyOf(seed)), seed)
  }
  await add(seeds)
  const boxKeys = new Map<string, KeyObject | undefined>()
  const nameOf = (sealed: Buffer, { wrap: version }: SealedUnder) =>
    `${version}${sealed.toString('latin1', WRAPPED_AT, NUMBER_AT)}`
  return {
    async prepare(values) {
      if (boxKeys.size > DATA_KEYS_KEPT) boxKeys.clear()
      for (const value of values) {
        const under = sealedUnder(value)
        const sealed = value as Buffer
        if (!under || boxKeys.has(nameOf(sealed, under))) continue
        const { keyId } = under
        if (!own.has(keyId) && !retired.includes(keyId)) await add(await look())
        const seed = own.get(keyId)
        if (!seed && !retired.includes(keyId))
          throw new ChainonError(
            'sealing-key-unknown',
            `linkage tokens are sealed for the key ${keyId}, and ${[...own.keys()].join(', ')} is in the secrets of curate: restore it from a backup`,
          )
        const dataKey = seed && (await unwrapDataKey(seed, sealed.subarray(WRAPPED_AT, NUMBER_AT)))
        boxKeys.set(nameOf(sealed, under), dataKey && wrap.boxKey(dataKey, under.wrap))
      }
    },
    open(value, place) {
      const under = sealedUnder(value)
      if (!under) return undefined
      const sealed = value as Buffer
      const name = nameOf(sealed, under)
      // It would look like a broken seal.
      if (!boxKeys.has(name)) throw new ChainonError('bug', 'the data key of tokens was not unwrapped before')
      const key = boxKeys.get(name)
      if (!key) return undefined
      const n = Number(sealed.readBigUInt64BE(NUMBER_AT))
      const box = sealed.subarray(under.wrap === 1 ? BOX_AT : BOX_AT + VERSION_BYTES)
      const plain = openBox(key, { n, box }, placeOf(place))
      return plain?.toString('latin1').split('\n').filter(Boolean)
    },
  }
}

const placeOf = ({ feed, recordId }: TokenPlace) => ({ topic: `tokens of ${feed}`, key: recordId })
