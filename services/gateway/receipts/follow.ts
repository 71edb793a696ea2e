/** Answers what became of the records of a receipt. */
import type { Mac } from '#core/crypto/hmac.ts'
import { readReceiptId } from '#core/gateway-api/receipt-id.ts'
import type { ReceiptStates, RecordState } from '#core/gateway-api/receipt-states.ts'
import { recordHasher } from '../encode/encode-identified.ts'
import type { GatewayFeed } from '../encode/pipeline.ts'
import { ProblemError } from '../problem.ts'
import type { ReceiptStore } from './lookup.ts'
import { meaningOf } from './meaning.ts'
import { type AcceptedRecord, type Asked, pageOf, type ReceiptRecord } from './page.ts'
import type { Spool } from './spool.ts'
import { type Known, stateOf } from './states.ts'

export interface FollowDependencies {
  readonly store: ReceiptStore
  readonly spool: Pick<Spool, 'bring'>
  readonly feeds: ReadonlyMap<string, Pick<GatewayFeed, 'contract' | 'explain'>>
  /** With which the hashes of record ids are made. */
  readonly routing: Mac
  /** How long a receipt is kept, in milliseconds. */
  readonly keptMs: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export interface Question extends Omit<Asked, 'hashIn'> {
  readonly recordId?: string
}

/** Questions of one producer that are answered at the same time by one gateway: each may ask ClickHouse several times. */
const MAX_AT_ONCE = 4

const AWAY =
  'The warehouse does not answer: what became of the records cannot be told now. Records are taken all the same.'

/** @returns a function that throws a ProblemError when it has no answer: no-receipt, receipt-expired, producer-share, dependency-unavailable */
export function createFollow(dependencies: FollowDependencies) {
  const { store, spool, feeds, routing, keptMs, now } = dependencies
  const hashers = new Map([...feeds].map(([feed, { contract }]) => [feed, recordHasher(contract, routing)]))
  const ask = oncePerProducer()

  async function look(producer: string, receiptId: string, question: Question): Promise<ReceiptStates> {
    const name = readReceiptId(receiptId)
    if (!name) throw new ProblemError('no-receipt')
    const expiresAt = name.at + keptMs
    if (now() > expiresAt) throw new ProblemError('receipt-expired')
    await spool.bring(receiptId)
    const rows = await store.rows(name.number, producer)
    if (rows.length === 0) throw new ProblemError('no-receipt')
    const { recordId, ...asked } = question
    const hashIn = recordId === undefined ? undefined : (feed: string) => hashers.get(feed)?.(producer, recordId)
    const page = pageOf(rows, { ...asked, ...(hashIn ? { hashIn } : {}) })
    const known = await store.known(page.records.filter(isAccepted))
    const records = page.records.map((record) => told(record, known))
    const states = Map.groupBy(records, ({ state }) => state)
    return {
      receipt_id: receiptId,
      received_at: new Date(name.at).toISOString(),
      expires_at: new Date(expiresAt).toISOString(),
      accepted: page.accepted,
      refused: page.refused,
      states: Object.fromEntries([...states].map(([state, of]) => [state, of.length])),
      records,
      ...(page.next === undefined ? {} : { next: page.next }),
    }
  }

  function told(record: ReceiptRecord, known: Known): RecordState {
    const { index, feed } = record
    const found =
      record.kind === 'accepted'
        ? stateOf(record, known)
        : {
            state: 'refused' as const,
            rule: record.rule,
            ...(record.pointer === '' ? {} : { pointer: record.pointer }),
          }
    const detail = found.rule === undefined ? undefined : meaningOf(feeds, feed, found.rule, found.pointer ?? '')
    return { index, feed, ...found, ...(detail === undefined ? {} : { detail }) }
  }

  return (producer: string, receiptId: string, question: Question): Promise<ReceiptStates> =>
    ask(producer, () => look(producer, receiptId, question))
}

/** @returns a function that asks ClickHouse for a producer, within its share */
export function oncePerProducer() {
  const asking = new Map<string, number>()
  return async function ask<T>(producer: string, question: () => Promise<T>): Promise<T> {
    const before = asking.get(producer) ?? 0
    if (before >= MAX_AT_ONCE)
      throw new ProblemError('producer-share', `One producer may ask ${MAX_AT_ONCE} questions at a time.`)
    asking.set(producer, before + 1)
    try {
      return await question()
    } catch (cause) {
      if (cause instanceof ProblemError) throw cause
      throw new ProblemError('dependency-unavailable', AWAY, { cause })
    } finally {
      const left = (asking.get(producer) ?? 1) - 1
      if (left === 0) asking.delete(producer)
      else asking.set(producer, left)
    }
  }
}

const isAccepted = (record: ReceiptRecord): record is AcceptedRecord => record.kind === 'accepted'
