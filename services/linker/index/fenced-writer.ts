/** Writes to the index in Redis as its one writer: who takes it over ends the others, and no write is lost or done twice (docs/adr/0051). */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { ChainonError } from '#core/faults/errors.ts'
import type { Command } from './commands.ts'
import { prefixOf } from './stored-bytes.ts'

export interface FencedWriter {
  /** Takes the index over from who wrote it before. */
  claim(): Promise<void>
  /**
   * All or nothing, after the writes before it.
   * @throws ChainonError link-index-taken when another one has taken the index over, link-index-behind when Redis has lost a write
   */
  write(commands: readonly Command[]): Promise<void>
}

const WRITE = readFileSync(new URL('./scripts/write.lua', import.meta.url), 'utf8')

export function fencedWriter(redis: Redis, name: string): FencedWriter {
  const prefix = prefixOf(name)
  const writer = randomBytes(8).toString('hex')
  let written = 0
  return {
    async claim() {
      await redis.set(`${prefix}w`, writer)
      written = Number((await redis.get(`${prefix}v`)) ?? 0)
    },
    async write(commands) {
      const before = written++
      const words = commands.flatMap((command) => [String(command.length), ...command])
      try {
        await redis.call('EVAL', WRITE, 1, `${prefix}w`, writer, before, written, ...words)
      } catch (error) {
        const { message } = error as Error
        if (message.includes('LOST writer'))
          throw new ChainonError('link-index-taken', `another linker has taken the linkage index ${name} over`)
        if (message.includes('LOST writes'))
          throw new ChainonError('link-index-behind', `Redis has lost the last changes of the linkage index ${name}`)
        throw error
      }
    },
  }
}
