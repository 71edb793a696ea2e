/** Provokes every answer of the routes that say what became of records. */
import { setTimeout as sleep } from 'node:timers/promises'
import { newReceiptId } from '#core/gateway-api/receipt-id.ts'
import { splitEvents } from '#core/gateway-api/server-sent-events.ts'
import { type harness, observation, RECEIPT_MS } from '../harness.ts'
import type { Answer } from './audit.ts'
import { get, provokeLogins } from './provoke.ts'

type Gateway = Awaited<ReturnType<typeof harness>>

const RECEIPT = 'GET /v1/receipts/{id}'

export async function provokeReceipts(gateway: Gateway, url: string): Promise<Answer[]> {
  const { state } = gateway
  const authorization = `Bearer ${gateway.key}`
  const body = JSON.stringify([observation('followed'), { ...observation('refused'), code: 7 }])
  const sent = await gateway.post('observation', 'application/json', body)
  const { receipt_id: id } = sent.json<{ receipt_id: string }>()
  const follow = async (name = id, headers: Record<string, string> = { authorization }) => ({
    ...(await get(url, `/v1/receipts/${name}`, headers)),
    operation: RECEIPT,
  })
  const me = (headers: Record<string, string> = { authorization }) => get(url, '/v1/producers/me', headers)
  const answers: Answer[] = [
    await follow(),
    await follow(`${id}?limit=1`),
    await follow(`${id}?limit=0`),
    await follow(newReceiptId(Date.now())),
    await follow(newReceiptId(Date.now() - RECEIPT_MS - 1)),
    await me(),
  ]
  const events = (headers: Record<string, string> = { authorization }) => stream(url, headers)
  answers.push(await events({ authorization, 'last-event-id': 'x' }))
  for (const ask of [follow.bind(undefined, id), me, events])
    answers.push(...(await provokeLogins(gateway, (other) => ask({ authorization: other }))))
  state.warehouseDown = true
  answers.push(await follow(), await me(), await events())
  state.warehouseDown = false
  state.redisDown = true
  answers.push(await me())
  state.redisDown = false
  answers.push(...(await told(gateway, url, authorization)))
  for (const ask of [() => follow(), () => me()]) answers.push(...(await tooMany(state, ask)))
  return answers
}

/** @returns the answers to the most questions that a producer may ask at once, and to one more */
async function tooMany(state: Gateway['state'], ask: () => Promise<Answer>): Promise<readonly Answer[]> {
  const { promise, resolve } = Promise.withResolvers<void>()
  state.question = promise
  const waiting: Promise<Answer>[] = []
  for (let asked = 1; asked <= 4; asked++) {
    waiting.push(ask())
    while (state.asking < asked) await sleep(1)
  }
  const refused = await ask()
  resolve()
  state.question = undefined
  return [...(await Promise.all(waiting)), refused]
}

const EVENTS = 'GET /v1/events'

/** @returns the answer when it ends, or the first event of one that does not */
async function stream(url: string, headers: Record<string, string>, open?: AbortController): Promise<Answer> {
  const answer = await fetch(`${url}/v1/events`, { headers, ...(open ? { signal: open.signal } : {}) })
  if (answer.status !== 200 || !answer.body)
    return { operation: EVENTS, status: answer.status, headers: answer.headers, body: await answer.text() }
  for await (const { data } of splitEvents(answer.body as unknown as AsyncIterable<Buffer>))
    return { operation: EVENTS, status: 200, headers: answer.headers, body: data }
  throw new Error('a stream without an event')
}

/** @returns a stream with an event, and one too many of a producer */
async function told({ state }: Gateway, url: string, authorization: string): Promise<readonly Answer[]> {
  state.failures.push({
    position: { at: Date.now() - 1000, id: 7n },
    producer: 'chu-test',
    state: 'quarantined',
    feed: 'observation',
    rule: 'unreadable-message',
    pointer: '/code',
    receiptId: newReceiptId(Date.now()),
    indexes: [3],
    receivedAt: Date.now(),
  })
  const open = new AbortController()
  const after = { authorization, 'last-event-id': `${Date.now() - 5000}-0` }
  const first = await stream(url, after)
  const held = await Promise.all(
    Array.from({ length: 4 }, () => fetch(`${url}/v1/events`, { headers: { authorization }, signal: open.signal })),
  )
  const refused = await stream(url, { authorization })
  open.abort()
  for (const { body } of held) await body?.cancel().catch(() => undefined)
  return [first, refused]
}
