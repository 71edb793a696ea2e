/** The linkage index: Redis, one atomic script per patient-bearing record, pipelined per batch. */
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { ChainonError } from '#core/faults/errors.ts'

/** What a record contributes to the linkage: the source patient that it names, and its tokens. */
export interface Contribution {
  /** Second-level pseudonym of the patient at the producer. */
  readonly patientId: string
  /** Second-level pseudonym of the record. */
  readonly recordId: string
  readonly version: number
  /** `feed:incarnation:partition:offset`; a second call with the same origin returns the same links. */
  readonly origin: string
  readonly cancelled: boolean
  /** When the gateway received the record, microseconds since 1970: of two records with the same version the later one counts. */
  readonly receivedAt: number
  readonly tokens: readonly string[]
}

export interface Link {
  readonly patientId: string
  readonly personId: string
  readonly method: string
  readonly linkVersion: number
  readonly linkedAt: number
}

export type LinkResult = { readonly ok: true; readonly links: readonly Link[] } | { readonly ok: false }

export interface Linker {
  /** One result for each contribution, in order; `ok: false` when too many patients share its traits. */
  link(contributions: readonly Contribution[]): Promise<readonly LinkResult[]>
  /** Makes the next link versions higher than `version`. @returns whether the index is empty */
  resume(version: number): Promise<{ readonly empty: boolean }>
}

export interface LinkLimits {
  /** Patients that may share one token before it links nothing. */
  readonly hub: number
  /** Patients in one neighbourhood before the record is loaded without a link. */
  readonly neighbourhood: number
}

export const DEFAULT_LIMITS: LinkLimits = { hub: 32, neighbourhood: 2000 }

const SCRIPT = readFileSync(new URL('./link.lua', import.meta.url), 'utf8')
const CHUNK = 500

type ScriptedRedis = Redis & { chainonLink(...args: (string | number)[]): Promise<unknown> }

export function createLinker(redis: Redis, namespace: string, limits: LinkLimits = DEFAULT_LIMITS): Linker {
  redis.defineCommand('chainonLink', { numberOfKeys: 0, lua: SCRIPT })
  // One hash tag: on a cluster the whole index is on one node, where a script can read all of it.
  const prefix = `${namespace}{link}:`

  async function linkChunk(chunk: readonly Contribution[]): Promise<LinkResult[]> {
    const pipe = redis.pipeline() as unknown as ScriptedRedis & { exec(): Promise<[Error | null, unknown][] | null> }
    for (const c of chunk) {
      void pipe.chainonLink(
        prefix,
        c.patientId,
        c.recordId,
        c.version,
        c.receivedAt,
        c.origin,
        c.cancelled ? 1 : 0,
        c.receivedAt,
        limits.hub,
        limits.neighbourhood,
        ...c.tokens,
      )
    }
    const replies = await pipe.exec()
    if (!replies) throw new ChainonError('dependency-unavailable', 'Redis did not answer the linkage script')
    return replies.map(([error, reply]): LinkResult => {
      if (error?.message.includes('NEIGHBOURHOOD')) return { ok: false }
      if (error)
        throw new ChainonError('dependency-unavailable', `the linkage script failed: ${error.message.slice(0, 120)}`)
      return { ok: true, links: readLinks(reply as string[]) }
    })
  }

  return {
    async link(contributions) {
      const results: LinkResult[] = []
      for (let at = 0; at < contributions.length; at += CHUNK)
        results.push(...(await linkChunk(contributions.slice(at, at + CHUNK))))
      return results
    },
    async resume(version) {
      const current = Number((await redis.get(`${prefix}seq`)) ?? 0)
      if (current < version) {
        // Atomic: another curate may resume at the same time. The version is never lowered.
        await redis.eval(
          "local now = tonumber(redis.call('GET', KEYS[1]) or '0') if now < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end return 1",
          1,
          `${prefix}seq`,
          version,
        )
      }
      return { empty: current === 0 }
    },
  }
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
