/**
 * Who is logged in. A file has the hash of each session and its end, so that a restart of the console logs nobody out, and whoever reads the
 * file cannot take a session over.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Type from 'typebox'
import { complete } from '#core/schema/complete.ts'
import { USER } from './account.ts'

/** From the login on, whatever happens in it. */
export const SESSION_SECONDS = 12 * 3600
/** Beyond it the oldest one ends. */
const MAX_SESSIONS = 500

export interface Sessions {
  /** @returns the token of a new session */
  begin(user: string): string
  /** @returns undefined when nobody is logged in by it */
  userOf(token: string | undefined): string | undefined
  end(token: string): void
  /** @returns a text that only a page of the session can know, and that a form of another site cannot send */
  csrfToken(token: string): string
}

const Stored = Type.Array(
  Type.Object({ sha256: Type.String(), ends_at: Type.Number(), user: Type.Optional(Type.String()) }),
)

/** @param now milliseconds since 1970 */
export function openSessions(secretsDir: string, now: () => number): Sessions {
  const path = join(secretsDir, 'sessions.json')
  // Sessions of before there were other accounts are the operator's.
  const open = new Map(read(path).map(({ user = USER, ...of }) => [of.sha256, { ...of, user }]))
  const write = () => {
    for (const [id, { ends_at }] of open) if (ends_at <= now()) open.delete(id)
    while (open.size > MAX_SESSIONS) open.delete(open.keys().next().value ?? '')
    const draft = `${path}.${process.pid}`
    writeFileSync(draft, JSON.stringify([...open.values()]), { mode: 0o600 })
    renameSync(draft, path)
  }
  return {
    begin(user) {
      const token = randomBytes(32).toString('base64url')
      const sha256 = idOf(token)
      open.set(sha256, { sha256, ends_at: now() + SESSION_SECONDS * 1000, user })
      write()
      return token
    },
    userOf(token) {
      const session = token === undefined ? undefined : open.get(idOf(token))
      return session && session.ends_at > now() ? session.user : undefined
    },
    end(token) {
      open.delete(idOf(token))
      write()
    },
    csrfToken: (token) => hash('sha256', `csrf\0${token}`, 'base64url'),
  }
}

/** Compares in constant time. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}

function idOf(token: string): string {
  return hash('sha256', token, 'hex')
}

/** A damaged file logs everybody out. */
function read(path: string) {
  try {
    return complete(Stored, JSON.parse(readFileSync(path, 'utf8'))) ?? []
  } catch {
    return []
  }
}
