/**
 * Rejects requests that did not come the way they should: for a name that is not ours (DNS rebinding: a page resolves its own name to 127.0.0.1),
 * from a page of another site, or past the proxy that was declared.
 */
import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP } from 'node:net'

export type GuardRefusal = 'unknown-host' | 'foreign-origin' | 'not-through-proxy'

/** @returns why the request is rejected, or undefined */
export type RequestGuard = (request: IncomingMessage) => GuardRefusal | undefined

export interface GuardOptions {
  /** Names that a request may be for, besides localhost. */
  readonly hosts: readonly string[]
  /** Names of sites whose pages may send requests, besides the pages of the service itself. */
  readonly origins: readonly string[]
  /** Addresses that may connect; all when it is undefined. */
  readonly senders: BlockList | undefined
}

export function createRequestGuard({ hosts, origins, senders }: GuardOptions): RequestGuard {
  const ownNames = new Set(['localhost', ...hosts.map((host) => host.toLowerCase())])
  const sites = new Set(origins.map((origin) => origin.toLowerCase()))
  return ({ headers, socket }) => {
    const { remoteAddress: sender } = socket
    if (senders && (sender === undefined || !senders.check(sender, isIP(sender) === 6 ? 'ipv6' : 'ipv4')))
      return 'not-through-proxy'
    const host = authorityOf(headers.host)
    // An address cannot be rebound: only names are resolved.
    if (host === undefined || !(isIP(host.name) > 0 || ownNames.has(host.name))) return 'unknown-host'
    if (headers.origin === undefined) return undefined
    const origin = URL.parse(headers.origin)
    if (origin === null || origin.host === '') return 'foreign-origin'
    return origin.host === host.authority || sites.has(origin.hostname) ? undefined : 'foreign-origin'
  }
}

/** @returns host and port as a URL has them, and the name alone, without the brackets of an IPv6 address */
function authorityOf(header: string | undefined): { readonly authority: string; readonly name: string } | undefined {
  if (header === undefined || !/^[\w.:[\]-]+$/.test(header)) return undefined
  const url = URL.parse(`http://${header}`)
  return url === null ? undefined : { authority: url.host, name: url.hostname.replace(/^\[(.*)\]$/, '$1') }
}
