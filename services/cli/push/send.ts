/** Sends the files one after the other, batch by batch, each from its saved position. */

import type { FeedContract } from '#core/contract/types.ts'
import { FAULTS, type FaultCode } from '#core/faults/codes.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { type GatewayClient, PartlyAcceptedError, type PushOutcome } from '#core/gateway-api/client.ts'
import type { RecordError } from '#core/gateway-api/record-counts.ts'
import { batches, type SourceBatch } from './batches.ts'
import { positionOf } from './position.ts'
import type { Report } from './report.ts'
import { MOST, type Route, routeOf, sendBatch, targetOf } from './route.ts'
import type { Source } from './source.ts'

export interface SendOptions {
  readonly client: GatewayClient
  /** The feed, or undefined for FHIR; messages of HL7 v2 name their feeds themselves. */
  readonly feed: string | undefined
  /** Contract of the feed; Avro files need it. */
  readonly contract: FeedContract | undefined
  readonly dataDir: string
  /** What positions belong to: the gateway's URL and the key's id. */
  readonly target: readonly string[]
  readonly batchRecords: number
  readonly restart: boolean
  readonly report: Report
  /** Told what is saved: the file was sent up to this line. */
  readonly reached?: (line: number) => void
}

export interface Sent {
  readonly accepted: number
  readonly rejected: number
}

/** A request of which records were accepted now. */
export interface SentReceipt {
  readonly id: string
  /** @returns the line of a record of the request */
  readonly lineOf: (error: Pick<RecordError, 'index'>) => number
}

/** @throws ChainonError when the gateway is unreachable (dependency) or rejects a request as a whole (wrong key, unknown feed...) */
export async function sendFile(
  source: Source,
  options: SendOptions,
): Promise<Sent & { readonly receipts: readonly SentReceipt[] }> {
  const receipts: SentReceipt[] = []
  const { client, report, reached = () => undefined } = options
  const target = [...options.target, targetOf(source, options.feed)]
  const file = positionOf(options.dataDir, source, target, options.restart)
  let { line, accepted, rejected } = file.start
  if (file.start.done) {
    report.say(`${source.path}: was sent already; --restart sends it again`)
    return { accepted, rejected, receipts }
  }
  if (line > 0) report.say(`${source.path}: continues after line ${line}`)
  reached(line)
  const { route, records } = await routeOf(source, options.feed, source.records(options.contract))
  const perBatch = Math.min(options.batchRecords, MOST[route.kind])
  for await (const batch of batches(records, line, perBatch)) {
    const outcome = batch.lines.length > 0 ? await push(client, route, batch, source.path, line) : undefined
    const counted = outcome ? counts(outcome, batch) : NOTHING_SENT
    accepted += counted.accepted
    rejected += counted.rejected + batch.refused.length
    line = batch.lastLine
    if (outcome?.kind === 'accepted') {
      const { lines } = batch
      receipts.push({ id: outcome.receipt.receipt_id, lineOf: (error) => lineOf(error, { lines }, route) })
    }
    for (const error of counted.errors)
      report.rejected(...placeIn(source, lineOf(error, batch, route)), inFile(source, error))
    for (const { line: place, refusals } of batch.refused)
      for (const refusal of refusals) report.rejected(...placeIn(source, place), { index: 0, ...refusal })
    file.save({ line, accepted, rejected, done: false })
    reached(line)
    report.progress(source.path, source.size ? source.read() / source.size : undefined, accepted, rejected)
  }
  file.save({ line, accepted, rejected, done: true })
  return { accepted, rejected, receipts }
}

async function push(
  client: GatewayClient,
  route: Route,
  batch: SourceBatch,
  path: string,
  line: number,
): Promise<PushOutcome> {
  try {
    return await sendBatch(client, route, batch)
  } catch (error) {
    if (!(error instanceof ChainonError) || FAULTS[error.code].blame !== 'dependency') throw error
    const partly = error instanceof PartlyAcceptedError ? partlyText(error, batch, route) : ''
    const again = path === '-' ? '' : ` ${path} was sent up to line ${line}; the same command continues from there.`
    throw new ChainonError(error.code, `${error.message}${partly}${again}`, { cause: error })
  }
}

/** The records that are stored are remembered by the gateway: the batch that begins after `line`, sent again, stores only the others. */
function partlyText(error: PartlyAcceptedError, batch: SourceBatch, route: Route): string {
  const first = lineOf({ index: error.unavailableIndexes[0] ?? 0 }, batch, route)
  const what = route.kind === 'bundle' ? 'entries' : 'records'
  return ` Of the next ${what}, up to line ${batch.lastLine}, ${error.accepted} are stored already and are not stored again, and ${error.unavailableIndexes.length} wait for a partition of Kafka, the first in line ${first}.`
}

const NOTHING_SENT = { accepted: 0, rejected: 0, errors: [] }

/** A batch of which every record is rejected is counted; a request that is rejected for another reason ends the command. */
function counts(outcome: PushOutcome, batch: SourceBatch): Sent & { readonly errors: readonly RecordError[] } {
  if (outcome.kind === 'accepted') return outcome.receipt
  if (outcome.code === 'all-rejected') return { accepted: 0, rejected: batch.lines.length, errors: outcome.errors }
  // A body that cannot be read, or is too large, is rejected as a whole; the next one may be valid.
  if (outcome.status === 400 || outcome.status === 413) {
    const error = { index: 0, pointer: '', rule: outcome.code, detail: outcome.title }
    return { accepted: 0, rejected: batch.lines.length, errors: [error] }
  }
  const code = outcome.code in FAULTS ? (outcome.code as FaultCode) : 'malformed-body'
  throw new ChainonError(
    code,
    `The gateway rejected lines ${batch.lines[0]} to ${batch.lastLine} (${outcome.code}): ${outcome.title}`,
  )
}

/** @returns the file and the line in it of a record */
export function placeIn(source: Pick<Source, 'path' | 'placeOf'>, line: number): [file: string, line: number] {
  return source.placeOf?.(line) ?? [source.path, line]
}

/** @returns the error with the place in the terms of the file, where it has its own */
export function inFile(source: Source, error: RecordError): RecordError {
  const path = source.pathOf(error.pointer)
  return path === undefined ? error : { ...error, path }
}

/** For a Bundle the error's index is an entry of it, and the line is the Bundle's. */
export function lineOf(
  error: Pick<RecordError, 'index'>,
  batch: Pick<SourceBatch, 'lines'>,
  route: Pick<Route, 'kind'>,
): number {
  return (route.kind === 'bundle' ? batch.lines[0] : batch.lines[error.index]) ?? 0
}
