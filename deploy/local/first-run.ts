/**
 * The first start: it makes an API key for each of two producers and streams the bundled sample feed. It runs the commands
 * that a user can run too, so each of them can be repeated by hand.
 */
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataPaths, node24, ROOT } from './paths.ts'

const CHAINON = join(ROOT, 'services', 'cli', 'chainon.mjs')

export interface FirstRun {
  /** API keys by producer, as `chainon keys ensure --json` prints them; empty when that failed. */
  readonly keys: ReadonlyArray<{ readonly producer: string; readonly key: string }>
  /** What went wrong, with the command to run again; empty when nothing failed. */
  readonly problems: readonly string[]
}

/**
 * Makes the keys and streams the sample, once per data folder: a marker file records it. A failed command is in the result, never
 * thrown.
 *
 * @param environment for the commands, with the addresses of the running stack
 * @returns null when it was done before
 */
export async function firstRun(
  data: string,
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<FirstRun | null> {
  const marker = dataPaths(data).firstRunMarker
  if (existsSync(marker)) return null
  const problems: string[] = []
  const attempt = async (args: readonly string[], capture: boolean): Promise<string | null> => {
    const run = await chainon(args, environment, capture, signal)
    if (run.status === 0) return run.output
    problems.push(`\`chainon ${args.join(' ')}\` ended with ${run.status}; correct the cause and run it again`)
    return null
  }
  const keys = parseKeys(await attempt(['keys', 'ensure', '--json'], true))
  if (keys.length > 0 && !signal.aborted) {
    say('Streaming the sample feed')
    await attempt(['sample', 'push', '--wait'], false)
  }
  if (problems.length === 0) writeFileSync(marker, `${new Date().toISOString()}\n`, { mode: 0o600 })
  return { keys, problems }
}

/** Reads an array of `{producer, key}`, or one such object. */
function parseKeys(output: string | null): Array<{ producer: string; key: string }> {
  if (output === null) return []
  try {
    const value: unknown = JSON.parse(output)
    const list: unknown[] = Array.isArray(value) ? value : [value]
    return list.flatMap((entry) => {
      const { producer, key } = entry as Record<string, unknown>
      return typeof producer === 'string' && typeof key === 'string' ? [{ producer, key }] : []
    })
  } catch {
    return []
  }
}

/** Runs a command of Chainon against the stack; its output is shown at once, or captured. */
function chainon(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  capture: boolean,
  signal: AbortSignal,
): Promise<{ status: number | string; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(node24(), [CHAINON, ...args], {
      cwd: ROOT,
      env: environment,
      stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
      signal,
    })
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', (error) => resolve({ status: error.message, output }))
    child.on('close', (code, killedBy) => resolve({ status: code ?? killedBy ?? 1, output }))
  })
}
