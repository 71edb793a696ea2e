/** The gateway's own check as a process, which is asked about one body after the other: so that a dry run says what the gateway would. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ChainonError } from '#core/faults/errors.ts'
import type { RecordError } from '#core/gateway-api/record-counts.ts'
import { node24, ROOT } from '../../../deploy/local/paths.ts'
import type { Sent } from './send.ts'

export interface GatewayCheck {
  /** @returns what the gateway would answer to the body @throws ChainonError configuration */
  readonly check: (body: Buffer) => Promise<Sent & { readonly errors: readonly RecordError[] }>
  readonly end: () => Promise<void>
}

const LENGTH_BYTES = 4

/** @param environment of the command, with that of the local stack @param format of the bodies @param producer that would send */
export function startGatewayCheck(environment: NodeJS.ProcessEnv, format: string, producer: string): GatewayCheck {
  const child = spawn(node24(), [join(ROOT, 'services/gateway/check/main.ts'), format, producer], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: environment,
  })
  const ended = once(child, 'close').catch(() => undefined)
  // Its end is seen where its next line is missing.
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async check(body) {
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt32LE(body.length)
      child.stdin.write(length)
      if (!child.stdin.write(body)) await Promise.race([once(child.stdin, 'drain'), once(child, 'close')])
      const answer = await lines.next()
      if (answer.done) throw new ChainonError('configuration', 'The check of the gateway ended; it says why above.')
      return JSON.parse(answer.value)
    },
    async end() {
      child.stdin.end()
      await ended
    },
  }
}
