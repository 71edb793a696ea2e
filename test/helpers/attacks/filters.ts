/**
 * Attacks on opened Bloom filters of names. Who lacks the key of the encodings still knows how they are made: each bigram sets the same bits in all
 * filters of names. From a few filters of which the names are known, or guessed by their frequency, the bits of each bigram are learnt, and all others are
 * read against a list of names; what is read best teaches the next round (P. Christen, R. Schnell, D. Vatsalan, T. Ranbaduge, PAKDD 2017; and of them,
 * "Pattern-mining based cryptanalysis of Bloom filters", PAKDD 2018, whose patterns are here the bits that filters with one bigram have in common).
 */
import { featuresOf } from '#core/linkage/features.ts'

/** Words of 32 bits. */
export type Filter = Int32Array
/** One byte a bit. */
type Bits = Uint8Array

const BITS = 256
/** Bits that a bigram sets: the form of the encodings is no secret. */
const SET = 8
/** By how many standard deviations more of the filters that are taken to have a bigram have a bit of it than others do. */
const DEVIATIONS = 2
/** With the likely names of each filter only, then with all. */
const ROUNDS = { likely: 5, all: 3 } as const

const bitsOf = (filter: Filter): Bits =>
  Uint8Array.from({ length: BITS }, (_, bit) => ((filter[bit >>> 5] ?? 0) >>> (bit & 31)) & 1)
const bigramsOf = (name: string) => featuresOf('family_name', name)

/** @returns for each bigram the bits that it sets, as far as filters with and without it show them */
function learn(filters: readonly Bits[], taken: ReadonlyMap<number, string>): ReadonlyMap<string, readonly number[]> {
  const counts = new Map<string, { of: number; bits: Uint32Array }>()
  const background = new Float64Array(BITS)
  for (const [at, name] of taken) {
    const filter = filters[at] as Bits
    const set = Array.from({ length: BITS }, (_, bit) => bit).filter((bit) => filter[bit] === 1)
    for (const bit of set) background[bit] = (background[bit] ?? 0) + 1 / taken.size
    for (const bigram of bigramsOf(name)) {
      const own = counts.get(bigram) ?? { of: 0, bits: new Uint32Array(BITS) }
      counts.set(bigram, own)
      own.of++
      for (const bit of set) own.bits[bit] = (own.bits[bit] ?? 0) + 1
    }
  }
  const learnt = new Map<string, readonly number[]>()
  for (const [bigram, { of, bits }] of counts) {
    if (of < 2) continue
    const lift = (bit: number) => {
      const usual = background[bit] ?? 0
      return ((bits[bit] ?? 0) / of - usual) / Math.sqrt((usual * (1 - usual) + 1 / BITS) / of)
    }
    const most = Array.from(bits.keys())
      .filter((bit) => lift(bit) >= DEVIATIONS)
      .toSorted((a, b) => lift(b) - lift(a))
      .slice(0, SET)
    if (most.length > 0) learnt.set(bigram, most)
  }
  return learnt
}

interface Read {
  readonly name: string
  /** Dice of the filter and what is foreseen for the name. */
  readonly score: number
}

function read(
  filters: readonly Bits[],
  names: readonly (readonly string[])[],
  learnt: ReadonlyMap<string, readonly number[]>,
): readonly Read[] {
  const foreseen = new Map(
    [...new Set(names.flat())].map((name) => {
      const bigrams = bigramsOf(name)
      const bits = [...new Set(bigrams.flatMap((bigram) => learnt.get(bigram) ?? []))]
      return [name, { bits, size: bits.length + SET * bigrams.filter((bigram) => !learnt.has(bigram)).length }] as const
    }),
  )
  return filters.map((filter, at) => {
    const size = filter.reduce((sum, bit) => sum + bit, 0)
    let best: Read = { name: '', score: -1 }
    for (const name of names[at] ?? []) {
      const of = foreseen.get(name)
      if (!of) continue
      let both = 0
      for (const bit of of.bits) both += filter[bit] ?? 0
      const score = (2 * both) / (size + of.size)
      if (score > best.score) best = { name, score }
    }
    return best
  })
}

/**
 * @param filters different ones
 * @param names for each filter the names that it may hide
 * @param known the names of some filters, by the filter's number
 * @returns the name that each filter is taken for
 */
export function readByKnown(
  filters: readonly Filter[],
  names: readonly (readonly string[])[],
  known: ReadonlyMap<number, string>,
): readonly string[] {
  const bits = filters.map(bitsOf)
  return read(bits, names, learn(bits, known)).map(({ name }, at) => known.get(at) ?? name)
}

/** As above, without any name that is known: each round learns from what the one before has read best. @param likely names by frequency, of each filter */
export function readByGuess(
  filters: readonly Filter[],
  names: readonly (readonly string[])[],
  likely: readonly (readonly string[])[],
  guessed: ReadonlyMap<number, string>,
): readonly string[] {
  const bits = filters.map(bitsOf)
  let taken = guessed
  let found: readonly Read[] = []
  for (let round = 1; round <= ROUNDS.likely + ROUNDS.all; round++) {
    found = read(bits, round <= ROUNDS.likely ? likely : names, learn(bits, taken))
    const many = Math.max(guessed.size, Math.ceil((filters.length * round) / (ROUNDS.likely + ROUNDS.all)))
    const best = [...found.keys()].toSorted((a, b) => (found[b]?.score ?? 0) - (found[a]?.score ?? 0)).slice(0, many)
    taken = new Map(best.map((at) => [at, found[at]?.name ?? '']))
  }
  return found.map(({ name }) => name)
}
