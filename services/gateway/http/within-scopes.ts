/** The scopes of a key for a body of several feeds: which feeds it has is known when it is read. */
import { writeScope } from '#core/keys/scopes.ts'
import type { KeyAccess } from '#core/keys/store.ts'
import type { Item } from '../decode/item.ts'
import type { Logins } from './logins.ts'

/** A record of a feed that the key may not write rejects the whole request. @throws ProblemError key-scope, while it is read */
export function* withinScopes(
  items: Iterable<Item>,
  access: KeyAccess,
  logins: Pick<Logins, 'require'>,
): Generator<Item> {
  // Once for each feed: a use is counted by request, and the scope is not to be looked up for every record.
  const seen = new Set<string>()
  for (const item of items) {
    if (item.kind === 'decoded' && !seen.has(item.feed)) {
      logins.require(access, writeScope(item.feed))
      seen.add(item.feed)
    }
    yield item
  }
}
