/** Passes the API keys of their hospitals to `simulate` and `sample`, and creates the missing ones, unless the user sets --keys. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { node24, ROOT } from '../../deploy/local/paths.ts'
import { resolveEnvironment } from './environment.ts'
import { actor, noteInJournal } from './journal.ts'
import { type RunServiceOptions, runService } from './run-service.ts'

/** The gateway reads its file of keys again within a second. */
const KEYS_RELOADED_MS = 1_500

/** Runs `services/synthetic/main.ts <command> <args>`; sets `process.exitCode`. */
export async function runWithKeys(
  env: NodeJS.ProcessEnv,
  command: 'simulate' | 'sample',
  args: readonly string[],
  options: Pick<RunServiceOptions, 'dataDir'>,
): Promise<void> {
  const producers = args.some((arg) => /^--keys(=|$)/.test(arg)) ? [] : producersOf(env, command, args)
  if (producers.length === 0) {
    await runService(env, 'synthetic', [command, ...args], options)
    return
  }
  const { ensureKey, localKey } = await import('#core/keys/admin.ts')
  const { ALL_SCOPES } = await import('#core/keys/scopes.ts')
  const data = resolveEnvironment(env, options).CHAINON_DATA_DIR ?? ''
  let created = false
  const keys = producers.map((producer) => {
    const existing = localKey(data, producer)
    const { key, id } = ensureKey(data, producer)
    if (key !== existing) {
      created = true
      noteInJournal(data, {
        actor: actor(),
        action: 'key-create',
        object: `key:${id}`,
        outcome: 'done',
        facts: { producer, scopes: ALL_SCOPES },
      })
    }
    return { producer, key }
  })
  if (created) await sleep(KEYS_RELOADED_MS)
  const folder = mkdtempSync(join(tmpdir(), 'chainon-keys-'))
  try {
    const file = join(folder, 'keys.json')
    writeFileSync(file, JSON.stringify(keys), { mode: 0o600 })
    await runService(env, 'synthetic', [command, ...args, '--keys', file], options)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @returns the producers that need a key: as the service lists them; none when it only writes files or prints its help */
function producersOf(env: NodeJS.ProcessEnv, command: string, args: readonly string[]): string[] {
  if (args.includes('--help') || args.includes('-h')) return []
  const main = join(ROOT, 'services', 'synthetic', 'main.ts')
  const run = spawnSync(node24(), [main, command, ...args, '--producers'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: resolveEnvironment(env),
  })
  try {
    const value: unknown = JSON.parse(run.stdout)
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
  } catch {
    // The run that follows reports what is wrong with the options.
    return []
  }
}
