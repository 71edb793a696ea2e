/**
 * Commands of a service that the console may run, at the service's admin port: each is the process that `chainon link` runs, with the service's key and logins, which the console has
 * not. A request carries a code over its time, path and body under a secret that the services and the console share; the secret itself is never sent.
 */
import { spawn } from 'node:child_process'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'
import { Check } from 'typebox/schema'
import type { Config } from '../config/read.ts'
import { loadOrCreateSecret } from '../crypto/secrets.ts'

export interface DoorCommand {
  readonly path: string
  /** Of the request's body. */
  readonly body: TSchema
  /** The file that is run. */
  readonly main: string
  /** @param body as `body` says @returns its arguments: never a shell's */
  readonly line: (body: never) => readonly string[]
}

/** `answer`: what the command wrote, JSON. `refused`: what it says of what was given. `failed`: it could not be done now. */
export type DoorResult =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'refused' | 'failed'; readonly detail: string }

/** Seconds that the clocks of two machines may differ by; a request that is sent again within them does the same again. */
const MAX_AGE_SECONDS = 60
const MAX_BODY_BYTES = 4096
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 300_000
/** Each is a process. */
const AT_ONCE = 3
const SCHEME = 'Chainon-HMAC'
const KEY_FILE = 'console-commands.key'
/** Statuses of our commands: a record that is not there, and what was given is wrong. */
const REFUSALS: ReadonlySet<number | null> = new Set([1, 2])

/** The secret is made by whichever service or console is first; on another host it is a copy. @throws ConfigurationError when it is not safe */
export function commandSecret(config: Config<'CHAINON_REVIEW_SECRETS_DIR' | 'CHAINON_DATA_DIR'>): Buffer {
  return loadOrCreateSecret(
    config.CHAINON_REVIEW_SECRETS_DIR || join(config.CHAINON_DATA_DIR, 'secrets', 'review'),
    KEY_FILE,
  )
}

/** @param seconds since 1970 */
export function signed(secret: Buffer, seconds: number, path: string, body: string): string {
  return `${SCHEME} ${seconds} ${codeOf(secret, seconds, path, body)}`
}

/** @param env of the service, which its commands have, too @param now milliseconds since 1970 */
export function registerCommands(
  app: FastifyInstance,
  {
    secret,
    env,
    now,
    commands,
  }: {
    readonly secret: Buffer
    readonly env: NodeJS.ProcessEnv
    readonly now: () => number
    readonly commands: readonly DoorCommand[]
  },
): void {
  let running = 0
  // The code is over the bytes that came.
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: MAX_BODY_BYTES },
    (_request, body, done) => done(null, body),
  )
  for (const { path, body: schema, main, line } of commands)
    app.post(path, async (request, reply) => {
      const text = typeof request.body === 'string' ? request.body : ''
      if (!isSigned(secret, now(), path, text, request.headers.authorization))
        return reply.code(401).send({ detail: 'the request has no code of the console' })
      const body = parsed(text)
      if (!Check(schema, body)) return reply.code(422).send({ detail: 'the request has not its form' })
      if (running >= AT_ONCE) return reply.code(503).send({ detail: `${AT_ONCE} commands run already` })
      running++
      try {
        const result = await run(main, line(body as never), env)
        if (result.kind === 'answer') return await reply.type('application/json').send(result.text)
        return await reply.code(result.kind === 'refused' ? 422 : 503).send({ detail: result.detail })
      } finally {
        running--
      }
    })
}

function codeOf(secret: Buffer, seconds: number, path: string, body: string): string {
  return createHmac('sha256', secret).update(`${seconds}\n${path}\n${body}`).digest('hex')
}

function isSigned(secret: Buffer, nowMs: number, path: string, body: string, given = ''): boolean {
  const [scheme, seconds = '', code = ''] = given.split(' ')
  if (scheme !== SCHEME || !/^\d{1,12}$/.test(seconds) || !/^[0-9a-f]{64}$/.test(code)) return false
  if (Math.abs(nowMs / 1000 - Number(seconds)) > MAX_AGE_SECONDS) return false
  return timingSafeEqual(Buffer.from(code), Buffer.from(codeOf(secret, Number(seconds), path, body)))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function run(main: string, line: readonly string[], env: NodeJS.ProcessEnv): Promise<DoorResult> {
  const child = spawn(process.execPath, [main, ...line], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  })
  const output: Buffer[] = []
  let bytes = 0
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_OUTPUT_BYTES) child.kill()
    else output.push(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-4096)
  })
  return new Promise((resolve) => {
    child.on('error', () => resolve({ kind: 'failed', detail: 'the command cannot be started' }))
    child.on('close', (status) => {
      if (status === 0) return resolve({ kind: 'answer', text: Buffer.concat(output).toString('utf8') })
      // A command's own message has no value; what else a process writes is not passed on.
      const [, detail = 'the command failed'] = /^chainon: (.{1,500})/m.exec(said) ?? []
      resolve({ kind: REFUSALS.has(status) ? 'refused' : 'failed', detail })
    })
  })
}
