/**
 * A secret in shares for custodians: any `need` of them give it back, fewer give nothing (Shamir, over GF(2^8)). A share names the key and its
 * fingerprint, which tell nothing about it, so that a custodian knows what he keeps and a wrong or damaged share is found before the secret is used.
 */
import { hash, randomBytes } from 'node:crypto'
import { combine, split } from 'shamir-secret-sharing'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { ConfigurationError } from '../faults/errors.ts'
import { fingerprintOf } from './registered-secret.ts'

const FORMAT = 'chainon key share 1'
/** The field has 255 places other than zero. */
const MOST_SHARES = 255

const Share = Type.Object(
  {
    format: Type.Literal(FORMAT),
    /** `<service>/<file>` */
    key: Type.String({ pattern: '^[a-z]+/[a-z0-9-]+\\.key$' }),
    fingerprint: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    /** The same for the shares that were made together; only those fit. */
    set: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    number: Type.Integer({ minimum: 1, maximum: MOST_SHARES }),
    of: Type.Integer({ minimum: 2, maximum: MOST_SHARES }),
    need: Type.Integer({ minimum: 2, maximum: MOST_SHARES }),
    made_at: Type.String(),
    data: Type.String({ pattern: '^[0-9a-f]{66}$' }),
    /** Finds a slip of the pen, not a forger. */
    check: Type.String({ pattern: '^[0-9a-f]{8}$' }),
  },
  { additionalProperties: false },
)
export type Share = Static<typeof Share>

export interface Restored {
  /** `<service>/<file>` */
  readonly key: string
  /** 32 bytes */
  readonly secret: Buffer
  readonly fingerprint: string
}

/**
 * @param key `<service>/<file>`
 * @param secret 32 bytes
 * @param need how many of the shares give the secret back, at least 2
 * @param now ISO 8601
 */
export async function sharesOf(
  key: string,
  secret: Buffer,
  { of, need }: { readonly of: number; readonly need: number },
  now: string,
): Promise<readonly Share[]> {
  const parts = await split(new Uint8Array(secret), of, need)
  const set = randomBytes(8).toString('hex')
  const fingerprint = fingerprintOf(key, secret)
  return parts.map((part, i) => {
    const data = Buffer.from(part).toString('hex')
    const share = { format: FORMAT, key, fingerprint, set, number: i + 1, of, need, made_at: now, data } as const
    return { ...share, check: checkOf(share) }
  })
}

/**
 * @param texts names (for messages) and contents of share files
 * @throws ConfigurationError with all problems: a text that is no share or was changed, shares of several sets, too few of them
 */
export async function restored(texts: ReadonlyMap<string, string>): Promise<Restored> {
  const problems: string[] = []
  const shares = new Map<number, Share>()
  for (const [name, text] of texts) {
    const share = parse(text)
    if (typeof share === 'string') problems.push(`${name} ${share}`)
    else if (shares.has(share.number)) problems.push(`${name} is share ${share.number} a second time`)
    else shares.set(share.number, share)
  }
  const [first, ...others] = shares.values()
  if (others.some((share) => share.set !== first?.set)) problems.push('the shares were not all made together')
  else if (first && shares.size < first.need)
    problems.push(`${first.key} needs ${first.need} of its ${first.of} shares, and here are ${shares.size}`)
  if (problems.length > 0 || !first) throw new ConfigurationError('The key cannot be restored', problems)
  const parts = [...shares.values()].map(({ data }) => new Uint8Array(Buffer.from(data, 'hex')))
  const secret = Buffer.from(await combine(parts))
  // A share that was forged gives another secret, and nothing in the arithmetic shows it.
  if (fingerprintOf(first.key, secret) !== first.fingerprint)
    throw new ConfigurationError('The key cannot be restored', [
      `the shares give another key than the one with the fingerprint ${first.fingerprint}: one of them was changed`,
    ])
  return { key: first.key, secret, fingerprint: first.fingerprint }
}

function checkOf(share: Omit<Share, 'check'>): string {
  const { format, key, fingerprint, set, number, of, need, made_at, data } = share
  const text = [format, key, fingerprint, set, number, of, need, made_at, data].join('\n')
  return hash('sha256', text, 'hex').slice(0, 8)
}

/** @returns a share, or what is wrong with the text */
function parse(text: string): Share | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'is not a share of a key: it is not JSON'
  }
  if (!Value.Check(Share, value)) return 'is not a share of a key'
  return value.check === checkOf(value) ? value : 'was changed: its check does not fit'
}
