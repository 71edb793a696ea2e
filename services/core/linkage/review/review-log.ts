/**
 * Verdicts of reviewers, a line each, in the data folder: only added to. A pair is named by a keyed hash of the linker; of its records there are the agreement levels of the
 * fields, and neither a pseudonym nor a value.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Type from 'typebox'
import { ConfigurationError } from '../../faults/errors.ts'
import { closed } from '../../schema/closed.ts'
import { complete } from '../../schema/complete.ts'
import type { Entry } from './standing.ts'

/** No colon: two names are joined by one in a decision, whose field has 80 characters. */
export const REVIEWER = '^[A-Za-z0-9._@-]{1,39}$'

const EntrySchema = closed({
  pair: Type.String({ pattern: '^[0-9a-f]{24}$' }),
  entry: Type.Enum(['accept', 'never', 'unsure', 'undo', 'sent']),
  reviewer: Type.String({ pattern: REVIEWER }),
  mode: Type.Enum(['alone', 'second', 'third']),
  pattern: Type.String(),
  at: Type.Integer({ minimum: 0 }),
  account: Type.String(),
  drawn: Type.Optional(Type.Literal(true)),
})

export interface ReviewLog {
  /** As it is now: others add to it. @throws ConfigurationError when a line is none */
  read(): readonly Entry[]
  add(entry: Entry): void
}

/** @param data folder of the stack */
export function reviewLog(data: string): ReviewLog {
  const folder = join(data, 'link-reviews')
  const file = join(folder, 'verdicts.jsonl')
  return {
    read() {
      if (!existsSync(file)) return []
      const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
      return lines.map((line, at) => entryOf(line) ?? broken(file, at))
    },
    add(entry) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      // A line that a kill cut short has no end: this one is not made a part of it.
      appendFileSync(file, `\n${JSON.stringify(entry)}\n`, { mode: 0o600, flush: true })
    },
  }
}

function entryOf(line: string): Entry | undefined {
  try {
    return complete(EntrySchema, JSON.parse(line))
  } catch {
    return undefined
  }
}

function broken(file: string, at: number): never {
  throw new ConfigurationError('The verdicts of the reviewers cannot be read', [
    `line ${at + 1} of ${file} is no verdict: restore the file, or remove this line`,
  ])
}
