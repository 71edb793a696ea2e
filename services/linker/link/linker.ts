/**
 * Links records one at a time, as they arrive: candidates by their tokens, the weight of each, and the persons of the component that
 * the record joins. All state is in memory.
 */
import { type Candidates, type Limits, type TokenIndex, tokenIndex } from '#core/linkage/token-index.ts'
import { LINK, MOST_RECORDS, personsOfComponent, STEP } from './component.ts'
import { correctionOf, REPORTED } from './corrections.ts'

export interface LinkerOptions {
  /** Kinds of tokens of a record. */
  readonly kinds: number
  readonly limits: Limits
  /** @returns log2 of the odds that two records are one person; a pure function of the two records */
  readonly weight: (a: number, b: number) => number
  /** Assumes that no two records of one source are one person. */
  readonly onePerSource: boolean
  /** Receives each pair that is compared. */
  readonly onPair: (a: number, b: number, weight: number) => void
}

export interface Linker {
  /**
   * @param record its number: 0, 1, 2... rising
   * @param id of the record, unique: decides between equal weights, and who uses a token that many have
   * @param source who sent it
   */
  add(record: number, id: string, source: number, tokens: Int32Array): void
  /** @returns the number of the person's first record */
  personOf(record: number): number
  /**
   * Corrects the edges of all records that met a limit, and makes the persons again from all edges: then no order of arrival changes them, where sources are not
   * told apart. @returns records whose person was another one before: 0 where no limit was met
   */
  reconcile(onPair: LinkerOptions['onPair']): number
  readonly counts: LinkerCounts
}

export interface LinkerCounts {
  compared: number
  edges: number
  /** Tokens that were skipped: more have them than the limit, and the record is none of those that use them. */
  hubs: number
  /** Records of which not all candidates were compared. */
  overBudget: number
  /** Times that a component was larger than the limit, and was split at a higher weight. */
  split: number
  /** Pairs that the reconciliation compared. */
  reconciled: number
}

export function linker(options: LinkerOptions): Linker {
  const { weight, onePerSource } = options
  const ids: string[] = []
  const sources: number[] = []
  const members = {
    producerOf: (record: number) => sources[record] as number,
    compare: (record: number, other: number) => ((ids[record] as string) < (ids[other] as string) ? -1 : 1),
  }
  const newIndex = () => tokenIndex(options.kinds, options.limits.hub, members)
  const indexes = [newIndex(), ...(onePerSource ? [newIndex()] : [])]
  const tokensOf: Int32Array[] = []
  const limited = new Set<number>()
  const edges = new Map<number, Map<number, number>>()
  const persons: number[] = []
  const counts: LinkerCounts = { compared: 0, edges: 0, hubs: 0, overBudget: 0, split: 0, reconciled: 0 }

  function connect(a: number, b: number, value: number): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const known = edges.get(from)
      if (known) known.set(to, value)
      else edges.set(from, new Map([[to, value]]))
    }
    counts.edges++
  }

  /** @returns the records that edges above `above` connect with this one; undefined when they are too many */
  function component(record: number, above: number): number[] | undefined {
    const found = [record]
    const seen = new Set(found)
    for (const one of found)
      for (const [other, value] of edges.get(one) ?? [])
        if (value > above && !seen.has(other)) {
          if (found.length === MOST_RECORDS) return undefined
          seen.add(other)
          found.push(other)
        }
    return found
  }

  function group(members: readonly number[], above: number, onWeight?: LinkerOptions['onPair']): void {
    const made = personsOfComponent(
      { members, above, edgesOf: (member) => edges.get(member) },
      {
        idOf: (member) => ids[member] as string,
        weight(a, b) {
          const value = weight(a, b)
          onWeight?.(a, b, value)
          return value
        },
        ...(onePerSource && { apart: (a: number, b: number) => sources[a] === sources[b] }),
      },
    )
    for (const [member, person] of made) persons[member] = person
  }

  /** The component of a record, split at rising weights until it is small enough. */
  function bounded(record: number): readonly [members: readonly number[], above: number] {
    for (let above = LINK; ; above += STEP) {
      const members = component(record, above)
      if (members) return [members, above]
      if (above === LINK) counts.split++
    }
  }

  function candidates(record: number, budget: number): Candidates {
    const tokens = tokensOf[record] as Int32Array
    const source = sources[record] as number
    // Among those of the other source it is not.
    return onePerSource
      ? (indexes[1 - source] as TokenIndex).candidates(tokens, budget)
      : (indexes[0] as TokenIndex).candidates(tokens, budget, record)
  }

  function correct(record: number, onWeight: LinkerOptions['onPair']): void {
    const { records } = candidates(record, Number.POSITIVE_INFINITY)
    const { added, removed } = correctionOf(records, edges.get(record) ?? new Map(), (one) => {
      const value = weight(one, record)
      counts.reconciled++
      if (value > REPORTED) onWeight(one, record, value)
      return value
    })
    for (const [one, value] of added) connect(one, record, value)
    for (const one of removed) {
      edges.get(record)?.delete(one)
      edges.get(one)?.delete(record)
    }
  }

  return {
    counts,
    add(record, id, source, tokens) {
      ids[record] = id
      tokensOf[record] = tokens
      sources[record] = source
      persons[record] = record
      const own = indexes[onePerSource ? source : 0] as TokenIndex
      for (const one of own.add(record, tokens)) limited.add(one)
      const { records, hubs, overBudget } = candidates(record, options.limits.budget)
      counts.hubs += hubs
      if (overBudget) {
        counts.overBudget++
        limited.add(record)
      }
      let linked = false
      for (const candidate of records) {
        const value = weight(candidate, record)
        counts.compared++
        options.onPair(candidate, record, value)
        if (value <= LINK) continue
        connect(candidate, record, value)
        linked = true
      }
      if (linked) group(...bounded(record))
    },
    personOf: (record) => persons[record] as number,
    reconcile(onPair) {
      const before = persons.slice()
      for (const record of limited) correct(record, onPair)
      limited.clear()
      const done = new Set<number>()
      for (const record of edges.keys()) {
        if (done.has(record)) continue
        const [members, above] = bounded(record)
        for (const member of members) done.add(member)
        group(members, above, onPair)
      }
      return persons.reduce((changed, person, record) => changed + (person === before[record] ? 0 : 1), 0)
    },
  }
}
