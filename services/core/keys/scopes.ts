/**
 * What an API key may do. A scope is a text, so that the `scope` of a token (RFC 6749, 3.3) can have the same form:
 * `write:<feed>` sends records of that feed, `write:*` of every feed, `read:own` reads what the gateway knows of the key itself.
 */
export const SCOPE = /^(?:write:(?:\*|[a-z][a-z0-9_]{0,62})|read:own)$/

export const READ_OWN = 'read:own'
export const ALL_SCOPES: readonly string[] = ['write:*', READ_OWN]

/** @param feed name of a feed, or `*` for every feed */
export function writeScope(feed: string): string {
  return `write:${feed}`
}

/** @returns whether a key with these scopes may do what needs the scope `needed` */
export function allows(scopes: readonly string[], needed: string): boolean {
  return scopes.includes(needed) || (needed.startsWith('write:') && scopes.includes('write:*'))
}
