/**
 * A client of the gateway: what `chainon push`, `simulate` and `sample` send with. A batch has an idempotency key made of its
 * content, so that sending it again, also after a crash of the client, is answered with the first receipt and stores nothing twice. A batch
 * of which the gateway stored a part is sent again in the same way: the gateway takes only what is missing.
 * No error of this file carries a record's value: of an answer only codes, counts and pointers are kept.
 */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import pLimit from 'p-limit'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import { type RejectedRequest, readProblem, readReceipt } from './answers.ts'
import { type Answer, answeringClient } from './http.ts'
import { DICOM_BOUNDARY, MEDIA } from './media-types.ts'
import type { Receipt } from './receipt.ts'

/** `rejected`: nothing of the batch is stored, and sending it again would not help. */
export type PushOutcome =
  | { readonly kind: 'accepted'; readonly receipt: Receipt }
  | ({ readonly kind: 'rejected'; readonly status: number } & RejectedRequest)

export interface GatewayClientOptions {
  /** Base URL of the gateway, without a final slash. */
  readonly url: string
  /** API key of the producer. */
  readonly key: string
  /** Requests under way at once; more wait (default 4). */
  readonly concurrency?: number
  /** Times that a batch is sent at most, the first one included (default 60). */
  readonly maxAttempts?: number
  /** Milliseconds from a batch's first attempt after which it is abandoned (default 5 minutes). */
  readonly maxElapsedMs?: number
  /** Milliseconds for one answer (default 60 s). */
  readonly requestTimeoutMs?: number
  /** Called before a batch is sent again; `reason` is a status, `partition-unavailable`, or the code of a network error. */
  readonly onRetry?: (reason: string, waitMs: number) => void
  /** Ends waits and requests; calls under way throw. */
  readonly signal?: AbortSignal
  /** For tests: a number from 0 to 1. */
  readonly random?: () => number
}

export interface Batch {
  /** NDJSON for records and resources, JSON for a bundle. */
  readonly body: string | Buffer
  /** Default: the SHA-256 of address and body. */
  readonly idempotencyKey?: string
}

export interface GatewayClient {
  /**
   * Sends records of a feed as NDJSON.
   * @throws ChainonError (dependency-unavailable) when the gateway does not accept the batch within the bounds;
   *   PartlyAcceptedError when it accepted a part of it: the same batch, sent again, continues from there
   */
  pushRecords(feed: string, batch: Batch): Promise<PushOutcome>
  /** Sends a FHIR R4 Bundle; throws as `pushRecords` does. */
  pushBundle(batch: Batch): Promise<PushOutcome>
  /** Sends FHIR R4 resources, one for each line; throws as `pushRecords` does. */
  pushResources(batch: Batch): Promise<PushOutcome>
  /** Sends messages of HL7 v2, one after the other; throws as `pushRecords` does. */
  pushHl7(batch: Batch): Promise<PushOutcome>
  /** Stores DICOM files, as the parts of a body with `DICOM_BOUNDARY`; throws as `pushRecords` does. */
  pushDicom(batch: Batch): Promise<PushOutcome>
  /** Sends lines of the PMSI, those of a stay together; throws as `pushRecords` does. */
  pushPmsi(batch: Batch): Promise<PushOutcome>
  /** Closes the connections; requests under way fail. */
  close(): void
}

/** The records of an unavailable partition are missing; the others are stored, and remembered with the batch's idempotency key. */
export class PartlyAcceptedError extends ChainonError {
  /** Records that are stored. */
  readonly accepted: number
  /** Positions in the batch of what is not stored. */
  readonly unavailableIndexes: readonly number[]
  constructor(message: string, accepted: number, unavailableIndexes: readonly number[]) {
    super('partition-unavailable', message)
    this.accepted = accepted
    this.unavailableIndexes = unavailableIndexes
  }
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
const LONGEST_RETRY_AFTER_MS = 60_000
/** 409: the same batch is under way, sent by an attempt whose answer was lost. */
const RETRIED_STATUSES = new Set([408, 409, 429, 502, 503, 504])
const compress = promisify(gzip)

/** @throws ConfigurationError when the URL is not http:// or https:// */
export function gatewayClient(options: GatewayClientOptions): GatewayClient {
  if (!/^https?:$/.test(URL.parse(options.url)?.protocol ?? '')) {
    throw new ConfigurationError("The gateway's address is wrong", ['it must be an http:// or https:// URL'])
  }
  const http = answeringClient({
    url: options.url,
    sockets: options.concurrency ?? 4,
    timeoutMs: options.requestTimeoutMs ?? 60_000,
    ...(options.signal ? { signal: options.signal } : {}),
  })
  const limit = pLimit(options.concurrency ?? 4)

  async function push(path: string, type: string, batch: Batch): Promise<PushOutcome> {
    const raw = typeof batch.body === 'string' ? Buffer.from(batch.body) : batch.body
    const key = batch.idempotencyKey ?? idempotencyKey(path, raw)
    // Level 1: records repeat their keys so much that higher levels gain little and cost processor time.
    const body = await compress(raw, { level: constants.Z_BEST_SPEED })
    const answer = await sendUntilAnswered(path, body, {
      authorization: `Bearer ${options.key}`,
      'content-type': type,
      'content-encoding': 'gzip',
      'idempotency-key': key,
      accept: MEDIA.json,
    })
    return outcomeOf(answer)
  }

  async function sendUntilAnswered(path: string, body: Buffer, headers: Record<string, string>): Promise<Answer> {
    const random = options.random ?? Math.random
    const maxAttempts = options.maxAttempts ?? 60
    const deadline = performance.now() + (options.maxElapsedMs ?? 300_000)
    for (let attempt = 1; ; attempt++) {
      const answer = await http.post(path, body, headers)
      if (answer.kind === 'answer' && !RETRIED_STATUSES.has(answer.status)) return answer
      options.signal?.throwIfAborted()
      const partial = answer.kind === 'answer' ? readProblem(answer.body, answer.status).partial : undefined
      const reason = partial ? 'partition-unavailable' : answer.kind === 'answer' ? String(answer.status) : answer.code
      const backOff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt - 1, 10))
      const requested = answer.kind === 'answer' ? retryAfterMs(answer.retryAfter) : 0
      // Full jitter on the back-off; Retry-After is the minimum, plus up to 10 %, so that producers do not all return at once.
      const wait = Math.max(requested + requested * 0.1 * random(), backOff * random())
      if (attempt >= maxAttempts || performance.now() + wait > deadline) {
        const message = `The gateway at ${options.url} did not accept a batch in ${attempt} attempts (last: ${reason}).`
        if (partial) throw new PartlyAcceptedError(message, partial.accepted, partial.unavailableIndexes)
        throw new ChainonError('dependency-unavailable', message)
      }
      options.onRetry?.(reason, wait)
      await sleep(wait, undefined, options.signal ? { signal: options.signal } : {})
    }
  }

  return {
    pushRecords: (feed, batch) => limit(push, `/v1/feeds/${encodeURIComponent(feed)}/records`, MEDIA.ndjson, batch),
    pushBundle: (batch) => limit(push, '/fhir/R4', MEDIA.fhir, batch),
    pushResources: (batch) => limit(push, '/fhir/R4', MEDIA.fhirNdjson, batch),
    pushHl7: (batch) => limit(push, '/v1/hl7', MEDIA.hl7, batch),
    pushDicom: (batch) => limit(push, '/dicomweb/studies', `${MEDIA.dicomParts}; boundary=${DICOM_BOUNDARY}`, batch),
    pushPmsi: (batch) => limit(push, '/v1/pmsi', MEDIA.pmsi, batch),
    close: () => http.close(),
  }
}

/** @returns 40 characters that are always the same for the same address and body */
export function idempotencyKey(path: string, body: string | Buffer): string {
  return createHash('sha256').update(path).update('\0').update(body).digest('hex').slice(0, 40)
}

/** @returns milliseconds of a Retry-After header (RFC 9110, 10.2.3) in seconds; 0 when it is absent or not a number */
export function retryAfterMs(header: string | undefined): number {
  const seconds = Number(header)
  return header !== undefined && seconds > 0 ? Math.min(seconds * 1000, LONGEST_RETRY_AFTER_MS) : 0
}

function outcomeOf(answer: Answer): PushOutcome {
  if (answer.status >= 200 && answer.status < 300) {
    const receipt = readReceipt(answer.body)
    if (receipt) return { kind: 'accepted', receipt }
    throw new ChainonError('bug', `The gateway answered ${answer.status} with a receipt that cannot be read.`)
  }
  return { kind: 'rejected', status: answer.status, ...readProblem(answer.body, answer.status) }
}
