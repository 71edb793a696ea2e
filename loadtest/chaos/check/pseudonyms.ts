/** Both levels of pseudonyms, computed from the secrets of the stack under test: the rows must name exactly the log's patients. */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Pseudonyms {
  first(domain: string, value: string): string
  second(domain: string, first: string): string
}

/** HMAC-SHA-256 under a key derived for level and domain (HKDF-Expand, RFC 5869, one block). @param data the stack's data folder */
export function pseudonyms(data: string): Pseudonyms {
  const level = (number: 1 | 2, file: string) => {
    const keys = new Map<string, Buffer>()
    const secret = () => Buffer.from(readFileSync(join(data, 'secrets', file), 'utf8').trim(), 'hex')
    return (domain: string, value: string) => {
      let key = keys.get(domain)
      if (!key) {
        key = createHmac('sha256', secret()).update(`chainon/pseudonym/${number}/${domain}\u0001`).digest()
        keys.set(domain, key)
      }
      return `p${number}_${createHmac('sha256', key).update(value).digest('base64url')}`
    }
  }
  return {
    first: level(1, 'deidentify/pseudonym-level1.key'),
    second: level(2, 'curate/pseudonym-level2.key'),
  }
}
