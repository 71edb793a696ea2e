/** Sends contributions to one linkage index in Redis: one atomic script per patient-bearing record, pipelined per batch. */
import type { Redis } from 'ioredis'
import { ChainonError } from '#core/faults/errors.ts'
import type { Source } from '../load/rows.ts'
import { GUARDED_SCRIPTS, type IndexStore, type Mode } from './index-store.ts'

/** What a record contributes to the linkage: the source patient that it names, and its tokens. */
export interface Contribution {
  /** Second-level pseudonym of the patient at the producer. */
  readonly patientId: string
  /** Keyed hash of the producer: limits count producers. A patient is of one. */
  readonly producer: string
  /** Second-level pseudonym of the record. */
  readonly recordId: string
  readonly version: number
  /** Offset in the batch's partition; a second call with the same origin returns the same links. */
  readonly origin: bigint
  readonly cancelled: boolean
  /** When the gateway received the record, microseconds since 1970: of two records with the same version the later one counts. */
  readonly receivedAt: number
  readonly tokens: readonly string[]
}

/** The origins of one partition that a call covers; those without a contribution have nothing to link. */
export interface LinkBatch {
  /** Made by `linkPartition`. */
  readonly partition: string
  /** The last origin before the batch that is loaded: the index has its contributions, or it is not used. -1 before the first. */
  readonly loaded: bigint
  /** The last origin of the batch. */
  readonly to: bigint
}

/** @returns the name of the offsets in which the origins of a batch are counted */
export function linkPartition(feed: string, { incarnation, partition }: Source): string {
  return `${feed}:${incarnation}:${partition}`
}

export interface Link {
  readonly patientId: string
  readonly personId: string
  readonly method: string
  readonly linkVersion: number
  readonly linkedAt: number
}

export type LinkResult =
  /** limited: a limit keeps the patient from being linked by one of its tokens. */
  { readonly ok: true; readonly links: readonly Link[]; readonly limited: boolean } | { readonly ok: false }

export interface Linker {
  /**
   * @returns one result for each contribution, in order; `ok: false` when too many patients share its traits
   * @throws ChainonError link-index-stale when the index must be rebuilt, dependency-unavailable when Redis does not answer
   */
  link(batch: LinkBatch, contributions: readonly Contribution[]): Promise<readonly LinkResult[]>
}

export interface LinkLimits {
  /** Producers that may share one token before it links nothing. */
  readonly hub: number
  /** Patients of one producer that may share one token before it links none of them. */
  readonly own: number
  /** Different lists of tokens that a patient may have before it is not linked: its records are not of one person. */
  readonly lists: number
  /** Patients in one neighbourhood before the record is loaded without a link. */
  readonly neighbourhood: number
}

export const DEFAULT_LIMITS: LinkLimits = { hub: 32, own: 8, lists: 32, neighbourhood: 2000 }

/** The index that is expected, and the highest link version that it is known to have given. */
export interface UsedIndex {
  readonly id: string
  readonly mode: Mode
  sequence: number
}

/** The index is not the expected one, or lacks contributions; nothing of the refused call, and nothing after it, was changed. */
export class IndexRefused extends Error {
  override readonly name = 'IndexRefused'
}

const CHUNK = 500

type Pipe = ReturnType<Redis['pipeline']> & {
  chainonLink(...args: (string | number)[]): unknown
  chainonMark(...args: (string | number)[]): unknown
}

/** @returns a function that links on a given index */
export function indexLinker(
  store: IndexStore,
  limits: LinkLimits,
): (index: UsedIndex, batch: LinkBatch, contributions: readonly Contribution[]) => Promise<readonly LinkResult[]> {
  const { redis } = store
  redis.defineCommand('chainonLink', { numberOfKeys: 0, lua: GUARDED_SCRIPTS.link })
  redis.defineCommand('chainonMark', { numberOfKeys: 0, lua: GUARDED_SCRIPTS.mark })

  return async function linkOn(index, batch, contributions) {
    const results: LinkResult[] = []
    let earlier = batch.loaded
    const guard = (origin: bigint) => {
      const args = [
        store.prefix(index.id),
        index.mode,
        index.sequence,
        batch.partition,
        String(earlier),
        String(origin),
      ]
      if (origin > earlier) earlier = origin
      return args
    }
    for (let at = 0; at === 0 || at < contributions.length; at += CHUNK) {
      const pipe = redis.pipeline() as Pipe
      const chunk = contributions.slice(at, at + CHUNK)
      for (const one of chunk) pipe.chainonLink(...guard(one.origin), ...argumentsOf(one, limits))
      const last = at + CHUNK >= contributions.length
      if (last) pipe.chainonMark(...guard(batch.to), String(batch.loaded))
      const replies = await pipe.exec()
      if (!replies) throw new ChainonError('dependency-unavailable', 'Redis did not answer the linkage script')
      if (last) readError(replies.pop())
      for (const reply of replies) results.push(readReply(reply))
      for (const result of results.slice(at))
        if (result.ok)
          for (const { linkVersion } of result.links) index.sequence = Math.max(index.sequence, linkVersion)
    }
    return results
  }
}

function argumentsOf(one: Contribution, limits: LinkLimits): (string | number)[] {
  return [
    one.patientId,
    one.producer,
    one.recordId,
    one.version,
    one.receivedAt,
    one.cancelled ? 1 : 0,
    one.receivedAt,
    limits.hub,
    limits.own,
    limits.lists,
    limits.neighbourhood,
    ...one.tokens,
  ]
}

type Reply = readonly [error: Error | null, result: unknown]

function readReply(reply: Reply): LinkResult {
  const [error, result] = reply
  if (error?.message.includes('NEIGHBOURHOOD')) return { ok: false }
  readError(reply)
  const [limited, ...links] = result as [number, ...string[]]
  return { ok: true, links: readLinks(links), limited: limited === 1 }
}

function readError(reply: Reply | undefined): void {
  const error = reply?.[0]
  // After a restart the server does not know the script; the caller checks the index and calls again.
  if (error?.message.includes('REFUSED') || error?.message.startsWith('NOSCRIPT'))
    throw new IndexRefused(error.message.slice(0, 60))
  if (error)
    throw new ChainonError('dependency-unavailable', `the linkage script failed: ${error.message.slice(0, 120)}`)
}

function readLinks(flat: readonly string[]): readonly Link[] {
  const links: Link[] = []
  for (let i = 0; i + 4 < flat.length; i += 5) {
    links.push({
      patientId: flat[i] ?? '',
      personId: flat[i + 1] ?? '',
      method: flat[i + 2] ?? '',
      linkVersion: Number(flat[i + 3]),
      linkedAt: Number(flat[i + 4]),
    })
  }
  return links
}
