/** What the console may ask of `curate`: to send a decision of a reviewer, and what became of a person. */
import { join } from 'node:path'
import type { DoorCommand } from '#core/http/command-door.ts'
import { DECIDE_PATH, DecideBody, HISTORY_PATH, HistoryBody } from '#core/linkage/review/commands.ts'

export const COMMANDS: readonly DoorCommand[] = [
  {
    ...{ path: DECIDE_PATH, body: DecideBody, main: join(import.meta.dirname, 'decide', 'main.ts') },
    line: ({ decision, records, reason, by, id }: DecideBody) => [
      ...[decision, ...records, '--reason', reason, '--by', by, '--id', id, '--json'],
    ],
  },
  {
    ...{ path: HISTORY_PATH, body: HistoryBody, main: join(import.meta.dirname, 'history', 'main.ts') },
    line: ({ record }: HistoryBody) => [record],
  },
]
