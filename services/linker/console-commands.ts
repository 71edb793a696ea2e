/** What the console may ask of the linker: the commands of `inspect/`, which only read. */
import { join } from 'node:path'
import type { DoorCommand } from '#core/http/command-door.ts'
import { EXPLAIN_PATH, ExplainBody, REVIEW_PATH, ReviewBody } from '#core/linkage/review/commands.ts'

const main = join(import.meta.dirname, 'inspect', 'main.ts')

export const COMMANDS: readonly DoorCommand[] = [
  {
    ...{ path: REVIEW_PATH, body: ReviewBody, main },
    line: ({ clerical }: ReviewBody) => ['review', ...(clerical === undefined ? [] : ['--clerical', String(clerical)])],
  },
  {
    ...{ path: EXPLAIN_PATH, body: ExplainBody, main },
    line: ({ records }: ExplainBody) => ['explain', '--json', '--', ...records],
  },
]
