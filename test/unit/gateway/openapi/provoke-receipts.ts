/** Provokes every answer of the routes that say what became of records. */
import { setTimeout as sleep } from 'node:timers/promises'
import { newReceiptId } from '../../../../services/gateway/receipts/receipt-id.ts'
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
  for (const ask of [follow.bind(undefined, id), me])
    answers.push(...(await provokeLogins(gateway, (other) => ask({ authorization: other }))))
  state.warehouseDown = true
  answers.push(await follow(), await me())
  state.warehouseDown = false
  state.redisDown = true
  answers.push(await me())
  state.redisDown = false
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
