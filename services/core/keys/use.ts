/**
 * When a key was last used, to the hour: `<data>/keys-used/<keyid>` contains it. To the hour, because it must show which keys can be revoked, and not
 * when the people of a hospital work.
 */
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const HOUR_MS = 3_600_000
const HOUR = /^\d{4}-\d\d-\d\dT\d\d:00Z$/

export interface KeyUse {
  /** Writes a file at the first use in an hour; returns at once. */
  used(keyId: string): void
  /** @returns when every use until now is written, or has failed */
  stop(): Promise<void>
}

const folderOf = (dataDir: string) => join(dataDir, 'keys-used')

/** @param onFailure called when the use of an hour cannot be written; it is not tried again in that hour */
export function recordKeyUse(dataDir: string, onFailure: (error: unknown) => void): KeyUse {
  const written = new Map<string, number>()
  const writing = new Set<Promise<void>>()
  const write = async (keyId: string, hour: number) => {
    await mkdir(folderOf(dataDir), { recursive: true, mode: 0o700 })
    await writeFile(join(folderOf(dataDir), keyId), `${asText(hour)}\n`, { mode: 0o600 })
  }
  return {
    used(keyId) {
      const hour = Math.floor(Date.now() / HOUR_MS)
      if (written.get(keyId) === hour) return
      written.set(keyId, hour)
      const file = write(keyId, hour)
        .catch(onFailure)
        .finally(() => writing.delete(file))
      writing.add(file)
    },
    async stop() {
      await Promise.all(writing)
    },
  }
}

/** @returns the hour in which a key was last used, as `2026-01-31T08:00Z`; undefined when it is not known to be used */
export function lastUse(dataDir: string, keyId: string): string | undefined {
  try {
    const text = readFileSync(join(folderOf(dataDir), keyId), 'utf8').trim()
    return HOUR.test(text) ? text : undefined
  } catch {
    return undefined
  }
}

function asText(hour: number): string {
  return `${new Date(hour * HOUR_MS).toISOString().slice(0, 13)}:00Z`
}
