/**
 * Reads the linkage index beside the linker that writes it: nothing is written, so that its writer stays the writer. All of it is read at once, as a linker reads it (some ten seconds
 * a million records); what was read at two moments may belong to two states. Keys: docs/adr/0051.
 */
import type { Redis } from 'ioredis'
import { type TokenIndex, tokenIndex } from '#core/linkage/token-index.ts'
import { graph } from './graph.ts'
import { knownRecords } from './known-records.ts'
import { readIndex } from './read-index.ts'
import { assertForm, type IndexForm, uncheckedIndex } from './stored-index.ts'

const AT_ONCE = 1000
const LOW_BYTES = 4

export interface IndexReader {
  /** Records that have been there, cancelled ones included: numbers from 0 to this. */
  size(): Promise<number>
  /** @param ids hashed @returns the number of each; undefined where the index does not know the record */
  numbers(ids: readonly Buffer[]): Promise<readonly (number | undefined)[]>
  /** @returns the records as they are stored now */
  records(numbers: readonly number[]): Promise<ReadonlyMap<number, Buffer>>
  /** @returns of each record its edges: other record and weight */
  edges(numbers: readonly number[]): Promise<readonly ReadonlyMap<number, number>[]>
  /** @returns of each record the first record of its person */
  persons(numbers: readonly number[]): Promise<readonly number[]>
  /** @param tokens 8 bytes each @returns the records that use each, in the order of arrival: a record that has it and is not there is of a hub */
  tokens(tokens: readonly Buffer[], source: number): Promise<readonly (readonly number[])[]>
  /** @returns sealed, of each pair about which somebody has decided */
  decisions(): Promise<readonly Buffer[]>
  /** Sealed (link/sealed-frequencies.ts), as the linker weighs by them; undefined: none were counted. */
  readonly frequencies: Buffer | undefined
  /** What is under way: records that are to be reconciled, and records to be told of. */
  waiting(): Promise<{ readonly marked: number; readonly untold: number }>
}

/** @throws ConfigurationError when there is no such index, or it was made in another form */
export async function indexReader(redis: Redis, name: string, expected: IndexForm): Promise<IndexReader> {
  await assertForm(redis, name, expected)
  const stored = uncheckedIndex(redis, name)
  const [known, links] = [knownRecords(), graph()]
  const bySource = new Map<number, TokenIndex>()
  function tokensAt(source: number): TokenIndex {
    const index = bySource.get(source) ?? tokenIndex(expected.kinds, expected.hub, known)
    bySource.set(source, index)
    return index
  }
  const { toTell, marked, decisions, frequencies } = await readIndex(stored, { known, links, tokensAt })

  return {
    frequencies,
    size: async () => known.size,
    numbers: async (ids) => ids.map((id) => known.find(id)),
    async records(numbers) {
      const found = new Map<number, Buffer>()
      for (let from = 0; from < numbers.length; from += AT_ONCE)
        for (const [number, bytes] of await stored.records(numbers.slice(from, from + AT_ONCE)))
          found.set(number, bytes)
      return found
    },
    edges: async (numbers) => numbers.map((number) => links.edgesOf(number)),
    persons: async (numbers) => numbers.map((number) => links.personOf(number)),
    tokens: async (tokens, source) =>
      tokens.map((token) => {
        const words = Int32Array.of(token.readInt32LE(), token.readInt32LE(LOW_BYTES))
        const { records } = tokensAt(source).candidates(words, Number.POSITIVE_INFINITY)
        return records.toSorted((a, b) => a - b)
      }),
    decisions: async () => [...decisions.values()],
    waiting: async () => ({ marked: marked.limited.size + marked.split.size, untold: toTell.untold.size }),
  }
}
