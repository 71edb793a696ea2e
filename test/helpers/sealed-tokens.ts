/** Linkage tokens as they are sealed in the kept log, with a key of the tests. */
import { publicKeyOf } from '#core/sealing/hpke.ts'
import { tokenOpener, tokenSealer } from '#core/sealing/tokens.ts'

const SEED = Buffer.alloc(32, 3)
export const sealTokens = await tokenSealer(await publicKeyOf(SEED))
export const opener = await tokenOpener([SEED])

/** @param record of the pseudonymised log */
export async function tokensOf(feed: string, record: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  await opener.prepare([record._sealed_tokens])
  const tokens = opener.open(record._sealed_tokens, { feed, recordId: String(record.record_id) })
  if (!tokens) throw new Error('the tokens cannot be opened')
  return tokens
}
