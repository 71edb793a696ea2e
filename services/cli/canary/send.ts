/** Sends sowings to a gateway as their own producer, keeps every answer, waits until the records went through, and cancels them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FeedContract } from '#core/contract/types.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import type { ReceiptClient } from '#core/gateway-api/receipt-client.ts'
import { cancellation } from './records.ts'
import type { CanaryRequest, Planted, Sowing } from './sowings.ts'

export interface SentAnswer {
  readonly status: number
  readonly text: string
  /** Status, headers and body, to be searched. */
  readonly bytes: Buffer
}

/** @param key API key; one among the request's headers goes before it */
export async function sendCanary(url: string, key: string, request: CanaryRequest): Promise<SentAnswer> {
  const answer = await fetch(`${url}${request.path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': request.type, ...request.headers },
    body: new Uint8Array(request.body),
  }).catch((error: unknown) => {
    throw new ChainonError('dependency-unavailable', `The gateway does not answer at ${url}.`, { cause: error })
  })
  const text = await answer.text()
  return {
    status: answer.status,
    text,
    bytes: Buffer.from(`${answer.status} ${JSON.stringify([...answer.headers])} ${text}`),
  }
}

/** @returns why the answer is not what the sowing expects, undefined when it is */
export function unexpected({ channel, expected, request }: Sowing, { status, text }: SentAnswer): string | undefined {
  const whole = status === 202 && rejectedIndexes(text).size === 0
  const fits =
    expected === 'refused'
      ? status >= 400 && status < 500
      : expected === 'accepted'
        ? whole
        : status === 202 || status === 422
  return fits ? undefined : `${channel} (${request.path.split('?')[0]}): the gateway answered ${status}`
}

/** @returns the indexes of records that the gateway refused */
export function rejectedIndexes(text: string): ReadonlySet<number> {
  const { errors = [] } = parse(text) as { errors?: readonly { readonly index: number }[] }
  return new Set(errors.map(({ index }) => index))
}

export function receiptOf(text: string): string | undefined {
  const { receipt_id: id } = parse(text) as { receipt_id?: unknown }
  return typeof id === 'string' ? id : undefined
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** @returns requests that cancel what was sown, one for each feed; a feed without a contract has none */
export function cancellations(
  contracts: readonly FeedContract[],
  planted: readonly Planted[],
  version: number,
): readonly CanaryRequest[] {
  return contracts.flatMap((contract) => {
    const own = new Map(planted.filter(({ feed }) => feed === contract.feed).map((one) => [one.recordId, one.patient]))
    if (own.size === 0) return []
    const lines = [...own].map(([id, patient]) => JSON.stringify(cancellation(contract, id, patient, version)))
    const path = `/v1/feeds/${contract.feed}/records`
    return [{ path, type: MEDIA.ndjson, body: Buffer.from(lines.join('\n')), headers: {} }]
  })
}

const PAUSE_MS = 250

/** @returns the receipts of which records are still on their way when the time has passed, and those of which nothing can be learned */
export async function waitForReceipts(
  client: ReceiptClient,
  receipts: readonly string[],
  until: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const waiting = new Set(receipts)
  const untold = new Set<string>()
  for (;;) {
    for (const id of waiting) {
      const answer = await client.receipt(id, {})
      if (answer.kind === 'told' && (answer.receipt.states.accepted ?? 0) > 0) continue
      if (answer.kind === 'untold' && answer.again) continue
      waiting.delete(id)
      if (answer.kind === 'untold') untold.add(id)
    }
    signal.throwIfAborted()
    if (waiting.size === 0 || Date.now() > until) return [...waiting, ...untold]
    await sleep(PAUSE_MS)
  }
}
