/**
 * Checks the access journal without its writers: signatures, the chain of each writer, the anchors that bind the chains together, and the heads
 * that are known from elsewhere. Pure: the caller reads the entries, from a file, the topic or the table.
 */
import { hash, type KeyObject } from 'node:crypto'
import { type Entry, type Head, isSignedBy, NO_HASH, readEntry } from './entry.ts'

/** An entry as it was found; its place is the offset in the topic. */
export interface Placed {
  readonly offset: number
  readonly line: string
}

export type FindingKind =
  | 'malformed'
  | 'unknown-writer'
  | 'forged'
  | 'missing'
  | 'reordered'
  | 'fork'
  | 'anchor'
  | 'truncated'

export interface JournalFinding {
  readonly kind: FindingKind
  /** Of the entry that shows it; null at the end. */
  readonly offset: number | null
  readonly writer: string
  /** Null where the entry cannot be read. */
  readonly sequence: number | null
  readonly message: string
}

export interface Verification {
  readonly entries: number
  /** Entries that stand twice, word for word: a sender was killed before it knew that they had arrived. */
  readonly repeated: number
  readonly heads: ReadonlyMap<string, Head>
  /** The first one is the first wrong entry. */
  readonly findings: readonly JournalFinding[]
}

interface Chain {
  last: Head
  /** Hash of each entry, by sequence; empty where a changed entry stood. */
  readonly hashes: Map<number, string>
}

/**
 * @param entries in the order of the topic
 * @param writers public keys of the writers that are trusted, by name
 * @param known heads that were kept elsewhere: each must be in the journal
 */
export function verifyJournal(
  entries: Iterable<Placed>,
  writers: ReadonlyMap<string, KeyObject>,
  known: Iterable<readonly [string, Head]>,
): Verification {
  const findings: JournalFinding[] = []
  const chains = new Map<string, Chain>()
  const anchors = anchorCheck()
  let count = 0
  let repeated = 0
  for (const { offset, line } of entries) {
    count++
    const entry = readEntry(line)
    const report = (kind: FindingKind, message: string) =>
      findings.push({ kind, offset, writer: entry?.writer ?? '', sequence: entry?.sequence ?? null, message })
    if (!entry) {
      report('malformed', 'this is not an entry of the journal')
      continue
    }
    // Of every entry, also of one that is wrong: who writes anchors sees the same.
    anchors.passed(offset, entry)
    const key = writers.get(entry.writer)
    if (!key) {
      report('unknown-writer', 'no trusted writer has this name')
      continue
    }
    const chain = chains.get(entry.writer) ?? {
      last: { sequence: 0, hash: NO_HASH },
      hashes: new Map<number, string>(),
    }
    chains.set(entry.writer, chain)
    const genuine = isSignedBy(line, key)
    if (!genuine) report('forged', 'the signature is not of this writer: the entry was changed or forged')
    // A changed entry stands for the genuine one: those that follow are not missing it.
    if (genuine || entry.sequence === chain.last.sequence + 1) {
      const step = follow(chain, entry, genuine)
      if (step === 'repeated') repeated++
      else if (step !== 'next') report(...step)
    }
    if (genuine && entry.action === 'anchor' && !anchors.holds(entry))
      report('anchor', 'entries of several writers before it are not those, or not in the order, that it names')
  }
  for (const [writer, head] of known) {
    const chain = chains.get(writer)
    const last = chain?.last.sequence ?? 0
    const report = (kind: FindingKind, sequence: number, message: string) =>
      findings.push({ kind, offset: null, writer, sequence, message })
    if (last < head.sequence)
      report('truncated', last + 1, `the journal ends before entry ${head.sequence}, which is known`)
    else if (head.sequence > 0 && (chain?.hashes.get(head.sequence) || head.hash) !== head.hash)
      report('fork', head.sequence, 'the entry is another one than that which is known')
  }
  return {
    entries: count,
    repeated,
    findings,
    heads: new Map([...chains].map(([writer, { last }]) => [writer, last])),
  }
}

type Step = 'next' | 'repeated' | [FindingKind, string]

function follow(chain: Chain, entry: Entry, genuine: boolean): Step {
  const expected = chain.last.sequence + 1
  const hashed = genuine ? entry.hash : ''
  if (entry.sequence < expected) {
    const earlier = chain.hashes.get(entry.sequence)
    if (earlier === entry.hash) return 'repeated'
    if (earlier !== undefined) return ['fork', 'the writer has another entry with this number']
    chain.hashes.set(entry.sequence, hashed)
    return ['reordered', 'the entry stands after later ones of its writer']
  }
  chain.hashes.set(entry.sequence, hashed)
  const before = chain.last
  chain.last = { sequence: entry.sequence, hash: hashed }
  if (entry.sequence > expected) {
    const range = entry.sequence - 1 === expected ? `entry ${expected}` : `entries ${expected} to ${entry.sequence - 1}`
    return ['missing', `${range} of this writer, before this one: removed or moved`]
  }
  if (genuine && before.hash !== '' && entry.previous !== before.hash)
    return ['fork', 'the entry was written after another one than that which stands before it']
  return 'next'
}

/** @returns SHA-256 of the heads of all chains: what an anchor says */
export function digestOf(heads: ReadonlyMap<string, Head>): string {
  const lines = [...heads].map(([writer, head]) => `${writer} ${head.sequence} ${head.hash}\n`)
  return hash('sha256', lines.toSorted().join(''), 'hex')
}

/** Adds an entry to the heads of an anchor; one that stands twice changes nothing. */
export function raiseHead(heads: Map<string, Head>, { writer, sequence, hash }: Entry): void {
  if (sequence > (heads.get(writer)?.sequence ?? 0)) heads.set(writer, { sequence, hash })
}

/** Anchors name a place further back; the heads follow them, so that each entry is added once. */
function anchorCheck() {
  const waiting: { readonly offset: number; readonly entry: Entry }[] = []
  const heads = new Map<string, Head>()
  let added = 0
  let reached = 0
  return {
    passed: (offset: number, entry: Entry) => void waiting.push({ offset, entry }),
    /** One that is older than an anchor before it, of a second console, was checked by that one. */
    holds({ facts: { offset, heads: digest } }: Entry): boolean {
      if (typeof offset !== 'number' || offset < reached) return true
      reached = offset
      for (let next = waiting[added]; next && next.offset < offset; next = waiting[++added])
        raiseHead(heads, next.entry)
      return digestOf(heads) === digest
    },
  }
}
