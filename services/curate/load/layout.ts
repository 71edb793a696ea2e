/** What the blocks of a batch depend on besides its records: two workers with the same layout form the same blocks of the same range. */
import { createHash } from 'node:crypto'
import type { FeedContract } from '#core/contract/types.ts'

/**
 * Increased when the code forms other blocks of the same records: columns, their order, their values. 2: a block can be merged from
 * several partitions, which a worker that knows only 1 must not resolve.
 */
const BLOCK_LAYOUT = 2
/** Increased when `link.lua` links the same contributions in another way. */
const LINK_MODEL = 2

/**
 * @param keyVersion of the key of pseudonyms
 * @returns 12 characters that change with the contract's fields and rules, the form of the blocks, the linkage model and the key
 */
export function layoutOf(contract: FeedContract, keyVersion = 1): string {
  // Documentation does not reach a block.
  const parts = [BLOCK_LAYOUT, contract.linked ? LINK_MODEL : 0, contract, ...(keyVersion === 1 ? [] : [keyVersion])]
  const text = JSON.stringify(parts, (key, value: unknown) => (key === 'doc' ? undefined : value))
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}
