/** A sender that follows its records, over the gateway's own interface. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ReceiptStates, type RecordStateName, readReceiptStates } from '#core/gateway-api/receipt-states.ts'

/** Records are on their way for a few seconds. */
const LONGEST_MS = 60_000

export interface Sender {
  /** @returns the receipt of a request of which a record is accepted */
  send(feed: string, records: readonly object[], url?: string): Promise<string>
  /** @param query with its question mark */
  ask(receipt: string, query?: string, url?: string): Promise<Response>
  /** @returns the states of the records, by index, when none is on its way any more */
  states(receipt: string, url?: string): Promise<readonly ReceiptStates['records'][number][]>
}

/** @param url of the gateway @param key of the producer, which a running gateway may not know yet */
export function sender(url: string, key: string): Sender {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const answered = async (ask: () => Promise<Response>): Promise<Response> => {
    const answer = await ask()
    if (answer.status !== 401) return answer
    await answer.body?.cancel()
    await sleep(50)
    return answered(ask)
  }
  const ask: Sender['ask'] = (receipt, query = '', at = url) =>
    answered(() => fetch(`${at}/v1/receipts/${receipt}${query}`, { headers }))
  return {
    async send(feed, records, at = url) {
      const body = JSON.stringify(records)
      const answer = await answered(() => fetch(`${at}/v1/feeds/${feed}/records`, { method: 'POST', headers, body }))
      if (answer.status !== 202) throw new Error(`the gateway answered ${answer.status}`)
      return ((await answer.json()) as { receipt_id: string }).receipt_id
    },
    ask,
    async states(receipt, at = url) {
      let seen: readonly RecordStateName[] = []
      for (const until = Date.now() + LONGEST_MS; Date.now() < until; await sleep(100)) {
        const answer = await ask(receipt, '', at)
        const text = await answer.text()
        if (answer.status === 404) continue
        const { records } = readReceiptStates(text) ?? {}
        if (!records) throw new Error(`the gateway answered ${answer.status}: ${text}`)
        seen = records.map(({ state }) => state)
        if (!seen.includes('accepted')) return records
      }
      throw new Error(`after a minute the records are ${seen.join()}`)
    },
  }
}
