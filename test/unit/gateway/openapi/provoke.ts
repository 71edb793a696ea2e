/** Provokes every answer of a route that stores records, over HTTP, at a gateway with small limits. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { createKey, revokeKey } from '#core/keys/admin.ts'
import { avroFile } from '../avro-file.ts'
import type { harness } from '../harness.ts'
import type { Answer } from './audit.ts'

type Gateway = Awaited<ReturnType<typeof harness>>

/**
 * Bodies of four records are too many, of 4,001 bytes too large. Two of 3,900 bytes at once are too many in flight, of one producer and of
 * two; with its messages each may be.
 */
export const LIMITS = {
  maxRecords: 3,
  maxBodyBytes: 4_000,
  maxInFlightBytes: 7_700,
  producerInFlightBytes: 7_600,
  maxSlowedLogins: 1,
  pace: { totalMs: 60_000, windowMs: 100, minBytesPerSecond: 100 },
}

const WRONG_KEY = `Bearer chn_000000000000_${'A'.repeat(43)}`

export interface StoreRoute {
  readonly path: string
  /** POST unless it is given. */
  readonly method?: 'PUT' | 'DELETE'
  /** Its address in the document, where that is not the path. */
  readonly template?: string
  /** A body with one valid record in each documented media type, the first of them JSON. */
  readonly valid: readonly (readonly [type: string, body: string | Buffer])[]
  /** JSON with one record that is rejected, with four of them, and with none. */
  readonly rejected: string
  readonly tooMany: string
  readonly empty: string
  /** True where an Avro body can have a schema that is not the feed's. */
  readonly avro: boolean
}

export async function get(url: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return answerOf(`GET ${path}`, await fetch(`${url}${path}`, { headers }))
}

/**
 * @param accept sent with each request
 * @returns every answer; a valid body that is not answered 202 counts as one of an operation that is not documented
 */
export async function provoke(gateway: Gateway, url: string, route: StoreRoute, accept: string): Promise<Answer[]> {
  const json = route.valid[0]?.[0] ?? ''
  const valid = String(route.valid[0]?.[1])
  const method = route.method ?? 'POST'
  const operation = `${method} ${route.template ?? route.path}`
  const post = async (body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
    answerOf(
      operation,
      await fetch(`${url}${route.path}`, {
        method,
        headers: { authorization: `Bearer ${gateway.key}`, 'content-type': json, accept, ...headers },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      }),
    )
  const key = (name: string) => ({ 'idempotency-key': `${operation} ${accept} ${name}` })
  const answers: Answer[] = []
  for (const [type, body] of route.valid) {
    const answer = await post(body, { 'content-type': type })
    answers.push({ ...answer, operation: answer.status === 202 ? operation : `${operation} with a valid ${type}` })
  }
  answers.push(...(await provokeLogins(gateway, (authorization) => post(valid, { authorization }))))
  const sent: readonly (readonly [string | Buffer, Record<string, string>])[] = [
    ['{"cut":', {}],
    [valid, { 'content-encoding': 'gzip' }],
    [valid, { 'content-encoding': 'zstd' }],
    [route.empty, {}],
    [valid, { 'idempotency-key': 'x'.repeat(256) }],
    [' '.repeat(LIMITS.maxBodyBytes + 1), {}],
    [gzipSync(' '.repeat(LIMITS.maxBodyBytes + 1)), { 'content-encoding': 'gzip' }],
    [route.tooMany, {}],
    [valid, { 'content-type': 'text/csv' }],
    [valid, { 'content-encoding': 'br' }],
    [valid, key('good')],
    [valid, key('good')],
    [route.rejected, key('good')],
    [route.rejected, key('bad')],
    [route.rejected, key('bad')],
  ]
  for (const [body, headers] of sent) answers.push(await post(body, headers))
  if (route.avro) {
    const foreign = { type: 'record', name: 'Foreign', fields: [{ name: 'a', type: 'int' }] }
    answers.push(await post(avroFile([{ a: 1 }], foreign), { 'content-type': 'application/avro' }))
  }
  gateway.state.down = true
  answers.push(await post(valid))
  gateway.state.down = false
  gateway.state.refused = () => true
  answers.push(await post(valid))
  gateway.state.refused = () => false
  gateway.state.redisDown = true
  for (const body of [valid, route.rejected]) answers.push(await post(body, key('without redis')))
  gateway.state.refused = () => true
  answers.push(await post(valid))
  gateway.state.refused = () => false
  gateway.state.redisDown = false
  answers.push(await afterPause(() => post(valid)))
  gateway.state.quotaUsed = true
  answers.push(await post(valid))
  gateway.state.quotaUsed = false
  gateway.state.near = () => true
  answers.push(await post(valid))
  gateway.state.near = () => false
  gateway.state.broken = true
  answers.push(await post(valid))
  gateway.state.broken = false
  const large = valid.padEnd(3_900)
  const other = { authorization: `Bearer ${keysOf(gateway.folder).other}` }
  for (const headers of [{}, other])
    answers.push(
      ...(await whileWaiting(
        gateway,
        () => post(large),
        () => post(large, headers),
      )),
    )
  answers.push(
    await stalled(`${url}${route.path}`, method, operation, {
      authorization: `Bearer ${gateway.key}`,
      'content-type': json,
      accept,
    }),
  )
  const twice = () => post(valid, key('twice'))
  answers.push(...(await whileWaiting(gateway, twice, twice)))
  return answers
}

/** @returns every answer to a key that may not do what `send` asks for */
export async function provokeLogins(
  { state, folder, issuer }: Gateway,
  send: (authorization: string) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const authorization of ['', WRONG_KEY, ...keysOf(folder).refused]) answers.push(await send(authorization))
  answers.push(await send(`Bearer ${await issuer.token({ aud: 'another' })}`))
  state.issuerDown = true
  answers.push(await send(`Bearer ${await issuer.token()}`))
  state.issuerDown = false
  // The answers to many failures wait, as many as may; one more is rejected.
  const { promise, resolve } = Promise.withResolvers<void>()
  state.pause = promise
  const sent: Promise<Answer>[] = []
  while (state.pausing === 0) {
    const one = send(WRONG_KEY)
    sent.push(one)
    await Promise.race([one, untilPausing(state)])
  }
  answers.push(await send(WRONG_KEY))
  resolve()
  state.pause = undefined
  return [...answers, ...(await Promise.all(sent))]
}

interface Keys {
  readonly refused: readonly string[]
  /** Of another producer, for every feed. */
  readonly other: string
}

const made = new Map<string, Keys>()

/** @returns as refused a revoked key, an expired one, and one without the scope of any route; made once for each data folder */
function keysOf(folder: string): Keys {
  const known = made.get(folder)
  if (known) return known
  const revoked = createKey(folder, 'chu-revoked', '')
  revokeKey(folder, revoked.id)
  const expired = createKey(folder, 'chu-expired', '', { expiresAt: '2020-01-01T00:00:00.000Z' })
  const narrow = createKey(folder, 'chu-narrow', '', { scopes: ['write:none'] })
  const refused = [revoked, expired, narrow].map(({ key }) => `Bearer ${key}`)
  const keys = { refused, other: createKey(folder, 'chu-other', '').key }
  made.set(folder, keys)
  return keys
}

async function untilPausing(state: Gateway['state']): Promise<void> {
  while (state.pausing === 0) await sleep(1)
}

/** @returns the answers to a request that waits for Kafka, and to one that is sent while it waits */
async function whileWaiting(
  { state }: Gateway,
  first: () => Promise<Answer>,
  second: () => Promise<Answer>,
): Promise<readonly Answer[]> {
  const { promise, resolve } = Promise.withResolvers<void>()
  state.acknowledgement = promise
  const waiting = first()
  while (state.waiting === 0) await sleep(1)
  const answer = await second()
  resolve()
  state.acknowledgement = undefined
  return [answer, await waiting]
}

/** The gateway asks Redis again only after a pause. */
export async function afterPause(send: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await send()
    if (!answer.headers.has('chainon-degraded')) return answer
    await sleep(20)
  }
}

/** @returns the answer to a body that is announced and does not come */
async function stalled(
  url: string,
  method: string,
  operation: string,
  headers: Record<string, string>,
): Promise<Answer> {
  const sent = request(url, { method, headers: { ...headers, 'content-length': '10' } })
  sent.flushHeaders()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const body = await text(answer)
  sent.destroy()
  const of = new Headers(answer.headers as Record<string, string>)
  return { operation, status: answer.statusCode ?? 0, headers: of, body }
}

export async function answerOf(operation: string, response: Response): Promise<Answer> {
  return { operation, status: response.status, headers: response.headers, body: await response.text() }
}
