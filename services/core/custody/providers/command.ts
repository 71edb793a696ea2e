/** The secrets' key from a program of the operator: a client of a KMS or of an HSM, or what asks a person. */
import { execFile } from 'node:child_process'
import { ConfigurationError } from '../../faults/errors.ts'

/** A program that asks a person has as long. */
const TIMEOUT_MS = 60_000
const MAX_BYTES = 4_096

/**
 * What the program prints is in no error and in no log, on either of its outputs.
 *
 * @param command program and arguments; no shell reads them
 * @returns its stdout
 * @throws ConfigurationError when it cannot be started, fails, or does not end in a minute
 */
export function outputOf([program = '', ...args]: readonly string[], timeoutMs = TIMEOUT_MS): Promise<string> {
  const options = { timeout: timeoutMs, maxBuffer: MAX_BYTES, killSignal: 'SIGKILL', windowsHide: true } as const
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, options, (error, stdout) => {
      if (!error) return resolve(stdout)
      const how = error.killed ? `did not end in ${timeoutMs / 1000} s` : `ended with ${error.code ?? error.signal}`
      reject(
        new ConfigurationError('The secrets cannot be opened', [`the program of CHAINON_SECRETS_KEY_COMMAND ${how}`]),
      )
    })
    child.stdin?.end()
  })
}
