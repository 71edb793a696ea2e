/** Sends an operator's decision about two records (services/curate/decide/main.ts), and notes it in the access journal. */
import { randomBytes } from 'node:crypto'
import type { Decision } from '#core/contract/link-decision.ts'
import { resolveEnvironment } from './environment.ts'
import { actor, noteInJournal } from './journal.ts'
import { runService } from './run-service.ts'

export interface DecideOptions {
  readonly reason: string
  /** Who decides. */
  readonly by: string
  readonly dryRun?: true
  readonly json?: true
  readonly dataDir?: string
  /** Nothing is written to stdout. */
  readonly quiet?: true
}

/** @param records two, named as in the warehouse or as by the linker @returns the exit status, which the process has, too */
export async function decide(
  env: NodeJS.ProcessEnv,
  decision: Decision,
  records: readonly string[],
  { reason, by, dryRun, json, dataDir, quiet }: DecideOptions,
): Promise<number> {
  const id = randomBytes(8).toString('hex')
  const flags = [...(dryRun ? ['--dry-run'] : []), ...(json ? ['--json'] : [])]
  const line = [decision, ...records, '--reason', reason, '--by', by, '--id', id, ...flags]
  const more = dataDir === undefined ? {} : { dataDir }
  const output = quiet ? { onOutput: () => undefined } : {}
  const status = await runService(env, 'curate', line, { main: 'decide/main.ts', ...more, ...output })
  if (status !== 0 || dryRun) return status
  const { CHAINON_DATA_DIR: data = '' } = resolveEnvironment(env, more)
  const facts = { decision, reason }
  noteInJournal(data, { actor: actor(), action: 'link-decide', object: `decision:${id}`, outcome: 'done', facts })
  return status
}
