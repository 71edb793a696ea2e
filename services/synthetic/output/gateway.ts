/**
 * Sends to the gateway, a request per producer and feed. Within a batch, patients go first; the other records follow when
 * the patients are accepted, while the next batch is already sent, so that a patient comes before the records that refer to it.
 */
import { FAULTS, type FaultCode } from '#core/faults/codes.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { type GatewayClient, gatewayClient, type PushOutcome } from '#core/gateway-api/client.ts'
import { linesByProducer, type Sink } from './sink.ts'

export interface GatewaySinkOptions {
  readonly url: string
  /** API key of each producer. */
  readonly keys: ReadonlyMap<string, string>
  readonly signal?: AbortSignal
  readonly onRetry?: (reason: string) => void
}

/** Batches sent at the same time; the number bounds the memory. */
const BATCHES = 3
const MAX_RECORDS_PER_REQUEST = 5_000
/** A record is 340 bytes on average, a note 1,100; the gateway accepts 32 MiB. */
const MAX_CHARACTERS_PER_REQUEST = 4_000_000

export function gatewaySink(options: GatewaySinkOptions): Sink & { close(): void } {
  const clients = new Map<string, GatewayClient>()
  const underWay: Promise<void>[] = []
  const rejectedByRule: Record<string, number> = {}
  let patients: Promise<void> = Promise.resolve()
  let failure: unknown
  let failed = false
  let accepted = 0
  let rejected = 0

  function clientOf(producer: string): GatewayClient {
    const known = clients.get(producer)
    if (known) return known
    const key = options.keys.get(producer)
    if (key === undefined) throw new ChainonError('missing-key', `There is no API key for the producer ${producer}.`)
    const client = gatewayClient({
      url: options.url,
      key,
      concurrency: 4,
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.onRetry ? { onRetry: options.onRetry } : {}),
    })
    clients.set(producer, client)
    return client
  }

  async function push(producer: string, feed: string, lines: readonly string[]): Promise<void> {
    for (const body of requests(lines)) {
      const outcome = await clientOf(producer).pushRecords(feed, { body: body.text })
      const counts = countsOf(outcome, body.records, `${body.records} records of ${feed} of ${producer}`)
      accepted += counts.accepted
      rejected += counts.rejected
      if (counts.rejected === 0) continue
      const errors = outcome.kind === 'accepted' ? outcome.receipt.errors : outcome.errors
      for (const { rule } of errors) rejectedByRule[rule] = (rejectedByRule[rule] ?? 0) + 1
    }
  }

  const throwFailure = () => {
    if (failed) throw failure
  }

  return {
    async write(batch) {
      throwFailure()
      const pushes: { feed: string; run: () => Promise<void> }[] = []
      for (const [producer, feeds] of linesByProducer(batch)) {
        for (const [feed, lines] of feeds) pushes.push({ feed, run: () => push(producer, feed, lines) })
      }
      const all = async (wanted: boolean) => {
        await Promise.all(pushes.filter(({ feed }) => (feed === 'patient') === wanted).map(({ run }) => run()))
      }
      const before = patients
      patients = before.then(() => all(true))
      const whole = patients
        .then(() => all(false))
        .catch((error: unknown) => {
          if (!failed) failure = error
          failed = true
        })
      underWay.push(whole)
      if (underWay.length >= BATCHES) await underWay.shift()
      throwFailure()
    },
    async finish() {
      await Promise.all(underWay)
      throwFailure()
    },
    totals: () => ({ accepted, rejected, rejected_by_rule: rejectedByRule }),
    close: () => clients.forEach((client) => client.close()),
  }
}

/**
 * @param sent records of the batch, for an answer without counts, when the gateway accepted none
 * @throws ChainonError when the request itself was rejected: the next ones would be rejected, too
 */
export function countsOf(outcome: PushOutcome, sent: number, what: string): { accepted: number; rejected: number } {
  if (outcome.kind === 'accepted') return { accepted: outcome.receipt.accepted, rejected: outcome.receipt.rejected }
  if (outcome.code === 'all-rejected') return { accepted: 0, rejected: sent }
  const code: FaultCode = outcome.code in FAULTS ? (outcome.code as FaultCode) : 'malformed-body'
  throw new ChainonError(code, `The gateway rejected ${what}: ${outcome.title} (${outcome.status}, ${outcome.code})`)
}

function* requests(lines: readonly string[]): Generator<{ text: string; records: number }> {
  let chunk: string[] = []
  let characters = 0
  for (const line of lines) {
    if (chunk.length >= MAX_RECORDS_PER_REQUEST || characters + line.length > MAX_CHARACTERS_PER_REQUEST) {
      yield { text: `${chunk.join('\n')}\n`, records: chunk.length }
      chunk = []
      characters = 0
    }
    chunk.push(line)
    characters += line.length + 1
  }
  if (chunk.length > 0) yield { text: `${chunk.join('\n')}\n`, records: chunk.length }
}
