/**
 * A body of lines of the PMSI as items. A line of VID-HOSP is a record of `patient`; a line of a grouped RSS, a RUM, is one of `pmsi_stay`, with its
 * diagnoses and acts. Whose it is, the line of VID-HOSP with the same number of the stay (NDA) says, wherever it is in the body.
 */

import { RSS, textAt, VID_HOSP } from '#core/pmsi/layout.ts'
import type { OnUnmapped } from '../../ingest/unmapped.ts'
import { ProblemError } from '../../problem.ts'
import type { Item } from '../item.ts'
import { actsOf, DIAGNOSIS, diagnosesOf, PROCEDURE } from './coded.ts'
import { PATIENT } from './identity.ts'
import { type Line, linesOf, type RefusedLine } from './line.ts'
import { buildRecord } from './record-map.ts'
import { Refusal, refused } from './refusal.ts'
import { PMSI_STAY, type RumSource, rssOf, rumOf } from './stay.ts'
import { unmappedColumns } from './unmapped.ts'
import { dateOf, requiredText } from './values.ts'

export interface PmsiOptions {
  /** When the gateway received the request, milliseconds since 1970. */
  readonly receivedAt: number
  /** Longest line; a longer one is refused without being read. */
  readonly maxLineBytes: number
  /** Told of each place with a value that no mapping reads. */
  readonly onUnmapped: OnUnmapped
}

type Read = Line | RefusedLine

/** @throws ProblemError malformed-body when the body does not begin with a line of the PMSI */
export function* pmsiItems(body: Buffer, options: PmsiOptions): Generator<Item> {
  const lines = [...linesOf(body, options.maxLineBytes)]
  if (lines[0] !== undefined && lines[0].kind === undefined)
    throw new ProblemError('malformed-body', 'The body must begin with a line of VID-HOSP or of a grouped RSS.')
  const identities = identitiesOf(lines)
  const rums = new Map<number, RumSource | Refusal>()
  for (const rss of Map.groupBy(
    lines.filter(({ kind }) => kind === 'RSS'),
    keyOf,
  ).values())
    for (const [index, rum] of rumsOf(rss, identities, options.receivedAt)) rums.set(index, rum)
  for (const line of lines) {
    const { index, kind } = line
    const rum = rums.get(index)
    if ('refusal' in line) yield refused(line.refusal, index, kind)
    else if (kind === 'RSS' && rum instanceof Refusal) yield refused(rum, index, kind, PMSI_STAY.feed)
    else {
      for (const place of unmappedColumns(line)) options.onUnmapped(place)
      if (rum === undefined || rum instanceof Refusal)
        yield buildRecord(PATIENT, { line, receivedAt: options.receivedAt }, index)
      else yield* rumItems(rum, index)
    }
  }
}

function* rumItems(rum: RumSource, index: number): Generator<Item> {
  yield buildRecord(PMSI_STAY, rum, index)
  for (const one of diagnosesOf(rum)) yield buildRecord(DIAGNOSIS, one, index)
  for (const one of actsOf(rum)) yield buildRecord(PROCEDURE, one, index)
}

/** @returns the lines of VID-HOSP by the number of the stay; two that name different patients are none */
function identitiesOf(lines: readonly Read[]): ReadonlyMap<string, Line | Refusal> {
  const found = new Map<string, Line | Refusal>()
  for (const line of lines) {
    if (line.kind !== 'VID-HOSP' || 'refusal' in line) continue
    const nda = textAt(line, VID_HOSP.nda)
    const other = found.get(nda)
    const same = other === undefined || (!(other instanceof Refusal) && whose(other) === whose(line))
    found.set(nda, same ? line : new Refusal('ambiguous-identifier', RSS.nda))
  }
  return found
}

function whose(line: Line): string {
  return [VID_HOSP.ipp, VID_HOSP.birth, VID_HOSP.sex].map((columns) => textAt(line, columns)).join('/')
}

/** Also of a line that is refused: the others of its RSS are then refused, too. */
function keyOf(line: Read): string {
  const key = rssOf(line)
  return key instanceof Refusal ? `line ${line.index}` : key
}

/** @returns for each line of an RSS what it becomes; one that is refused refuses all */
function rumsOf(
  lines: readonly Read[],
  identities: ReadonlyMap<string, Line | Refusal>,
  receivedAt: number,
): ReadonlyMap<number, RumSource | Refusal> {
  const read = lines.map((line) => ('refusal' in line ? line.refusal : readRum(line, identities)))
  const numbers = new Set<string>()
  const own = read.map((one) => {
    if (one instanceof Refusal) return one
    if (numbers.has(one.id)) return new Refusal('duplicate-rum', RSS.rum)
    numbers.add(one.id)
    return one
  })
  const valid = own.filter((one) => isRead(one))
  const ordered = valid.toSorted((a, b) => compare(a.entry, b.entry) || compare(a.exit, b.exit))
  const ranks = new Map(ordered.map((one, at) => [one, at + 1]))
  const entered = ordered[0]?.entry ?? ''
  const left = valid.map(({ exit }) => exit).reduce((last, exit) => (exit > last ? exit : last), '')
  return new Map<number, RumSource | Refusal>(
    own.map((one, at) => {
      const index = lines[at]?.index ?? 0
      if (one instanceof Refusal) return [index, one]
      if (valid.length < own.length) return [index, new Refusal('incomplete-rss', RSS.rss)]
      const { line, ipp, id, rss } = one
      const rank = ranks.get(one) ?? 0
      return [index, { line, ipp, id, rss, receivedAt, rank, count: own.length, entered, left }]
    }),
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

interface ReadRum {
  readonly line: Line
  readonly id: string
  readonly rss: string
  readonly ipp: string
  /** YYYY-MM-DD. */
  readonly entry: string
  readonly exit: string
}

function isRead(one: ReadRum | Refusal): one is ReadRum {
  return !(one instanceof Refusal)
}

function readRum(line: Line, identities: ReadonlyMap<string, Line | Refusal>): ReadRum | Refusal {
  const id = rumOf(line)
  const rss = rssOf(line)
  const entry = dateOf(line, RSS.entry)
  const exit = dateOf(line, RSS.exit)
  const identity = identities.get(textAt(line, RSS.nda)) ?? new Refusal('unresolved-stay', RSS.nda)
  if (id instanceof Refusal) return id
  if (rss instanceof Refusal) return rss
  if (entry instanceof Refusal) return entry
  if (exit instanceof Refusal) return exit
  if (identity instanceof Refusal) return identity
  const ipp = requiredText(identity, VID_HOSP.ipp)
  // The line of VID-HOSP says itself what it lacks.
  if (ipp instanceof Refusal) return new Refusal('unresolved-stay', RSS.nda)
  for (const name of ['birth', 'sex'] as const)
    if (textAt(line, RSS[name]) !== textAt(identity, VID_HOSP[name])) return new Refusal('identity-mismatch', RSS[name])
  return { line, id, rss, ipp, entry, exit }
}
