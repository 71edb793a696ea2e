/** Provokes every answer of a route that stores records, over HTTP, at a gateway with small limits. */
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { avroFile } from '../avro-file.ts'
import type { harness } from '../harness.ts'
import type { Answer } from './audit.ts'

type Gateway = Awaited<ReturnType<typeof harness>>

/** Bodies of four records are too many, of 4,001 bytes too large, and two of 3,500 bytes at once are too many in flight. */
export const LIMITS = { maxRecords: 3, maxBodyBytes: 4_000, maxInFlightBytes: 6_000 }

export interface StoreRoute {
  readonly path: string
  /** A body with one valid record in each documented media type, the first of them JSON. */
  readonly valid: readonly (readonly [type: string, body: string | Buffer])[]
  /** JSON with one record that is rejected, with four of them, and with none. */
  readonly rejected: string
  readonly tooMany: string
  readonly empty: string
  /** True where an Avro body can have a schema that is not the feed's. */
  readonly avro: boolean
}

export async function get(url: string, path: string): Promise<Answer> {
  return answerOf(`GET ${path}`, await fetch(`${url}${path}`))
}

/**
 * @param accept sent with each request
 * @returns every answer; a valid body that is not answered 202 counts as one of an operation that is not documented
 */
export async function provoke(gateway: Gateway, url: string, route: StoreRoute, accept: string): Promise<Answer[]> {
  const json = route.valid[0]?.[0] ?? ''
  const valid = String(route.valid[0]?.[1])
  const operation = `POST ${route.path}`
  const post = async (body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
    answerOf(
      operation,
      await fetch(`${url}${route.path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}`, 'content-type': json, accept, ...headers },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      }),
    )
  const key = (name: string) => ({ 'idempotency-key': `${route.path} ${accept} ${name}` })
  const answers: Answer[] = []
  for (const [type, body] of route.valid) {
    const answer = await post(body, { 'content-type': type })
    answers.push({ ...answer, operation: answer.status === 202 ? operation : `${operation} with a valid ${type}` })
  }
  const sent: readonly (readonly [string | Buffer, Record<string, string>])[] = [
    [valid, { authorization: '' }],
    [valid, { authorization: `Bearer chn_000000000000_${'A'.repeat(43)}` }],
    ['{"cut":', {}],
    [valid, { 'content-encoding': 'gzip' }],
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
  gateway.state.near = () => true
  answers.push(await post(valid))
  gateway.state.near = () => false
  gateway.state.broken = true
  answers.push(await post(valid))
  gateway.state.broken = false
  const large = valid.padEnd(3_500)
  answers.push(
    ...(await whileWaiting(
      gateway,
      () => post(large),
      () => post(large),
    )),
  )
  const twice = () => post(valid, key('twice'))
  answers.push(...(await whileWaiting(gateway, twice, twice)))
  return answers
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

async function answerOf(operation: string, response: Response): Promise<Answer> {
  return { operation, status: response.status, headers: response.headers, body: await response.text() }
}
