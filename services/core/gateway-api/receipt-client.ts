/** Asks a gateway what became of the records of a receipt. */
import { readProblem } from './answers.ts'
import { answeringClient } from './http.ts'
import { MEDIA } from './media-types.ts'
import { type ReceiptStates, readReceiptStates } from './receipt-states.ts'

export interface ReceiptQuestion {
  readonly from?: number
  readonly index?: number
  readonly recordId?: string
}

/** `again`: the same question may be answered later. */
export type ReceiptAnswer =
  | { readonly kind: 'told'; readonly receipt: ReceiptStates }
  | { readonly kind: 'untold'; readonly code: string; readonly why: string; readonly again: boolean }

export interface ReceiptClient {
  receipt(id: string, question: ReceiptQuestion): Promise<ReceiptAnswer>
  close(): void
}

export interface ReceiptClientOptions {
  /** Base URL of the gateway, without a final slash. */
  readonly url: string
  /** API key of the producer, with the scope `read:own`. */
  readonly key: string
}

const TIMEOUT_MS = 10_000
/** 404: another gateway may have it within seconds. */
const AGAIN = new Set([404, 429, 502, 503, 504])
const NOT_AGAIN = new Set(['receipt-expired', 'not-found'])

export function receiptClient({ url, key }: ReceiptClientOptions): ReceiptClient {
  const http = answeringClient({ url, sockets: 1, timeoutMs: TIMEOUT_MS })
  return {
    async receipt(id, { from, index, recordId }) {
      const query = new URLSearchParams({
        ...(from === undefined ? {} : { from: String(from) }),
        ...(index === undefined ? {} : { index: String(index) }),
        ...(recordId === undefined ? {} : { record_id: recordId }),
        limit: '1000',
      })
      const answer = await http.get(`/v1/receipts/${encodeURIComponent(id)}?${query.toString()}`, {
        authorization: `Bearer ${key}`,
        accept: MEDIA.json,
      })
      if (answer.kind === 'no-answer')
        return { kind: 'untold', code: answer.code, why: `the gateway does not answer (${answer.code})`, again: true }
      const receipt = answer.status === 200 ? readReceiptStates(answer.body) : undefined
      if (receipt) return { kind: 'told', receipt }
      const { code, title } = readProblem(answer.body, answer.status)
      return { kind: 'untold', code, why: title, again: AGAIN.has(answer.status) && !NOT_AGAIN.has(code) }
    },
    close: () => http.close(),
  }
}
