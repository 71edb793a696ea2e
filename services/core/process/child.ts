/** Waits for a program that this process started and that must end with it. */
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

/**
 * @param onLine receives each line of the streams that are pipes
 * @returns the exit status, or the signal that ended it, or why it could not be started
 */
export async function endOf(
  child: ChildProcess,
  onLine: (line: string, stream: 'stdout' | 'stderr') => void,
): Promise<number | string> {
  const stop = () => child.kill('SIGTERM')
  process.once('exit', stop)
  for (const stream of ['stdout', 'stderr'] as const) {
    const input = child[stream]
    if (input) createInterface({ input }).on('line', (line) => onLine(line, stream))
  }
  try {
    return await new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message))
      child.on('close', (code, signal) => resolve(code ?? signal ?? 1))
    })
  } finally {
    process.off('exit', stop)
  }
}
