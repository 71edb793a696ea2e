/**
 * Rebuilds the links in a process of its own, so that other feeds are loaded meanwhile. The process ends with this one: it reads the end of
 * its standard input.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endOf } from '#core/process/child.ts'
import type { Logger } from '#core/telemetry/logger.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000

export interface BackgroundRebuild {
  /** Without effect while one runs, and for some time after one that failed. */
  start(): void
  stop(): Promise<void>
}

/**
 * @param env of main.ts
 * @param onEnd receives why a rebuild failed; undefined when it is done
 */
export function backgroundRebuild(
  env: NodeJS.ProcessEnv,
  logger: Logger,
  onEnd: (problem: string | undefined) => void,
): BackgroundRebuild {
  let running: { readonly kill: () => void; readonly ended: Promise<void> } | undefined
  let failures = 0
  let notBefore = 0
  let stopping = false

  async function run(): Promise<void> {
    const child = spawn(process.execPath, [MAIN, 'rebuild', '--background'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    // The child may end before its standard input is closed.
    child.stdin.on('error', () => undefined)
    logger.info({ event: 'link-rebuild-started', pid: child.pid })
    let problem = 'the process ended early'
    const ended = endOf(child, (line) => {
      problem = line
    }).then((status) => {
      running = undefined
      failures = status === 0 ? 0 : failures + 1
      notBefore = Date.now() + Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS)
      logger.info({ event: 'link-rebuild-ended', status })
      if (!stopping) onEnd(status === 0 ? undefined : problem)
    })
    running = { kill: () => void child.kill('SIGTERM'), ended }
    await ended
  }

  return {
    start() {
      if (!running && !stopping && Date.now() >= notBefore) void run()
    },
    async stop() {
      stopping = true
      running?.kill()
      await running?.ended
    },
  }
}
