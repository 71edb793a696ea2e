/** What an auditor keeps: what was sown, where it was searched, what was found, and what could not be read. */
import { aligned, table } from '#core/terminal/table.ts'
import type { Hit, PlaceReport } from './search.ts'

export const REPORT_FORMAT = 'chainon-canary-report/1'

export interface SownChannel {
  readonly channel: string
  /** Requests, files or messages. */
  readonly requests: number
  /** Invented values. */
  readonly canaries: number
}

export interface CanaryReport {
  readonly format: typeof REPORT_FORMAT
  readonly chainon_version: string
  /** Repeats the same identities. */
  readonly seed: string
  readonly producer: string
  readonly started_at: string
  readonly finished_at: string
  readonly feeds: readonly string[]
  readonly channels: readonly (SownChannel & { readonly found: number })[]
  readonly places: readonly (Omit<PlaceReport, 'hits'> & { readonly found: number })[]
  readonly hits: readonly (Hit & { readonly place: string; readonly channel: string })[]
  /** Channels that were not sown, and answers, waits and cancellations that are not as they must be. */
  readonly not_sown: readonly string[]
  readonly failures: readonly string[]
}

export interface Sown {
  readonly canary: string
  readonly channel: string
}

/** @param requests by channel */
export function channelsOf(sown: readonly Sown[], requests: ReadonlyMap<string, number>): readonly SownChannel[] {
  return [...Map.groupBy(sown, ({ channel }) => channel)].map(([channel, own]) => ({
    channel,
    requests: requests.get(channel) ?? 0,
    canaries: new Set(own.map(({ canary }) => canary)).size,
  }))
}

/** @returns the hits of all places, each with the channel of its canary */
export function hitsOf(sown: readonly Sown[], places: readonly PlaceReport[]): CanaryReport['hits'] {
  const channels = new Map(sown.map(({ canary, channel }) => [canary, channel]))
  return places.flatMap(({ hits, place }) =>
    hits.map((hit) => ({ ...hit, place, channel: channels.get(hit.canary) ?? 'unknown' })),
  )
}

/** @returns 1 for a hit, or for a search that proves nothing; 75 where a place could not be read; else 0 */
export function statusOf({ failures, hits, places }: CanaryReport): number {
  if (hits.length > 0 || failures.length > 0 || places.some(({ control }) => control === 'missing')) return 1
  return places.some(({ unread }) => unread.length > 0) ? 75 : 0
}

export function reportText(report: CanaryReport): string {
  const { channels, failures, hits, not_sown: notSown, places } = report
  const unread = places.flatMap(({ place, unread: own }) => own.map(({ what, why }) => [place, what, why]))
  const parts = [
    `${aligned([
      ['producer', report.producer],
      ['seed', report.seed],
      ['from', report.started_at],
      ['to', report.finished_at],
      ['feeds', report.feeds.join(', ')],
    ])}`,
    table(
      ['sown in', 'requests', 'values', 'found'],
      channels.map((one) => [one.channel, String(one.requests), String(one.canaries), String(one.found)]),
    ),
    table(
      ['searched', 'what was read', 'bytes', 'producer', 'not read', 'found'],
      places.map((one) => [
        one.place,
        one.read,
        String(one.bytes),
        { seen: 'seen', missing: 'NOT SEEN', none: '-' }[one.control],
        String(one.unread.length),
        String(one.found),
      ]),
    ),
    section(
      'Found:',
      hits.map(
        ({ canary, channel, form, place, where }) => `${place}, ${where}: ${canary} (${form}), sown in ${channel}`,
      ),
    ),
    section(
      'Not read:',
      unread.map(([place, what, why]) => `${place}, ${what}: ${why}`),
    ),
    section('Not sown:', notSown),
    section('Not as it must be:', failures),
    conclusion(report),
  ]
  return parts.filter(Boolean).join('\n')
}

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? '' : `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`

function conclusion(report: CanaryReport): string {
  const { failures, hits, places } = report
  if (hits.length > 0) return `${hits.length} finds: an identity passed a zone.\n`
  if (statusOf(report) === 1)
    return `Nothing was found, and that proves nothing: ${failures.length > 0 ? 'not everything went as it must' : 'the producer was not seen where it must be'}.\n`
  const open = places.filter(({ unread }) => unread.length > 0).map(({ place }) => place)
  return open.length > 0
    ? `Nothing was found where it could be read; parts of these could not: ${open.join(', ')}.\n`
    : 'Nothing was found.\n'
}
