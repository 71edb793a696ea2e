/**
 * Rebuilds the links in a process of its own, so that other feeds are loaded meanwhile. The process ends with this one: it reads the end of
 * its standard input.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Logger } from '#core/telemetry/logger.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

export interface BackgroundRebuild {
  /** Without effect while one runs. */
  start(): void
  stop(): Promise<void>
}

/** @param env of main.ts */
export function backgroundRebuild(env: NodeJS.ProcessEnv, logger: Logger): BackgroundRebuild {
  let child: ChildProcess | undefined
  return {
    start() {
      if (child) return
      const own = spawn(process.execPath, [MAIN, 'rebuild', '--background'], {
        env,
        stdio: ['pipe', 'ignore', 'inherit'],
      })
      child = own
      logger.info({ event: 'link-rebuild-started', pid: own.pid })
      const ended = (status: number | string) => {
        if (child === own) child = undefined
        logger.info({ event: 'link-rebuild-ended', status })
      }
      own.stdin?.on('error', () => undefined)
      own.on('error', (error) => ended(error.message))
      own.on('exit', (code, signal) => ended(code ?? signal ?? 'unknown'))
    },
    async stop() {
      if (!child) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}
