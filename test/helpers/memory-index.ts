/** A linkage index in memory for what reads one: records, edges and persons as the linker makes them, sealed and stored as in Redis. */
import { filterStore } from '#core/linkage/record-store.ts'
import { scorer } from '#core/linkage/score.ts'
import type { Trained } from '#core/linkage/train.ts'
import type { encoding } from '../../services/linker/evaluate/encoding.ts'
import { codec, packCancelled, packHead, readTokens } from '../../services/linker/index/codec.ts'
import type { IndexReader } from '../../services/linker/index/index-reader.ts'
import { indexKeys } from '../../services/linker/index/keys.ts'
import { type OpenIndex, readThrough } from '../../services/linker/inspect/open-index.ts'
import { sealDecision } from '../../services/linker/link/decision-seal.ts'
import type { PairDecision } from '../../services/linker/link/decisions.ts'
import { linker } from '../../services/linker/link/linker.ts'
import { sealFrequencies } from '../../services/linker/link/sealed-frequencies.ts'
import { arrivalOf } from '../../services/linker/stream/arrivals.ts'

export interface MemoryRecord {
  readonly id: string
  readonly label: string
  /** Traits as they are written; undefined for a cancelled record. */
  readonly written: Readonly<Record<string, string>> | undefined
}

export const INDEX_SECRET_OF_TESTS = Buffer.alloc(32, 9)

export interface MemoryIndex extends OpenIndex {
  /** Bytes of the filters and the tokens of all records: what no output may have. */
  readonly secrets: readonly Buffer[]
}

/** @param form of the encodings */
export function memoryIndex(
  records: readonly MemoryRecord[],
  form: ReturnType<typeof encoding>,
  { model, frequencies }: Trained,
  limits = { budget: 10_000, hub: 10_000 },
  decided: readonly PairDecision[] = [],
): MemoryIndex {
  const { layout, kinds } = form
  const keys = indexKeys(INDEX_SECRET_OF_TESTS)
  const pack = codec(layout)
  const store = filterStore(layout)
  const edges = records.map(() => new Map<number, number>())
  const links = linker({
    // One more is of the patient's number.
    kinds: kinds.length + 1,
    limits,
    weight: scorer(model, frequencies, store, layout).weight,
    onePerSource: false,
    onPair(a, b, weight) {
      if (weight <= 0) return
      edges[a]?.set(b, weight)
      edges[b]?.set(a, weight)
    },
  })
  const byToken = new Map<string, number[]>()
  const secrets: Buffer[] = []
  const stored = records.map(({ id, label, written }, number) => {
    const version = { version: 1, stamp: 1 }
    const encoded = form.encodeWritten(written ?? {})
    store.add(encoded)
    if (!written) {
      links.add(number, id, 0, new Int32Array(encoded.tokens.length + 2))
      return packCancelled(version, keys.id(id))
    }
    const arrival = arrivalOf('patient', {
      ...{ producer: 'chu', patient: label, record: id, version: 1, receivedAt: 1 },
      encoded,
    })
    const arrived = arrival.encoded?.tokens ?? encoded.tokens
    links.add(number, id, 0, arrived)
    const head = packHead(version, { source: 0, producer: keys.producer('chu') }, keys.id(id), keys.tokens(arrived))
    const tokens = readTokens(head)
    for (const token of tokens) {
      const list = byToken.get(token.toString('hex'))
      if (list) list.push(number)
      else byToken.set(token.toString('hex'), [number])
    }
    secrets.push(Buffer.from(encoded.filters.buffer), Buffer.from(arrived.buffer), ...tokens)
    return keys.seal(head, pack.pack({ id, label, filters: encoded.filters, newborn: encoded.newborn }))
  })
  const numbers = new Map(records.map(({ id }, number) => [keys.id(id).toString('hex'), number]))
  const reader: IndexReader = {
    size: async () => records.length,
    numbers: async (ids) => ids.map((id) => numbers.get(id.toString('hex'))),
    records: async (wanted) =>
      new Map(wanted.flatMap((number) => (stored[number] ? [[number, stored[number]] as const] : []))),
    edges: async (wanted) => wanted.map((number) => edges[number] ?? new Map()),
    persons: async (wanted) => wanted.map((number) => links.personOf(number)),
    tokens: async (wanted) =>
      wanted.map((token) => {
        const list = byToken.get(token.toString('hex')) ?? []
        // All are of one producer.
        return list.length > limits.hub ? [] : list
      }),
    decisions: async () => decided.map((one) => sealDecision(keys, one)),
    frequencies: sealFrequencies(keys, { records: records.length, frequencies }),
    waiting: async () => ({ marked: 0, untold: 0 }),
  }
  return { ...readThrough(reader, { keys, version: 1, model, layout, kinds }), secrets }
}

/** The forms in which 8 bytes could stand in an output: as they are, hexadecimal, base64, or as two integers. */
const FORMS: readonly (readonly [characters: number, of: (bytes: Buffer) => readonly string[]])[] = [
  [8, (bytes) => [bytes.toString('latin1')]],
  [16, (bytes) => [bytes.toString('hex')]],
  [10, (bytes) => [bytes.toString('base64').slice(0, 10), bytes.toString('base64url').slice(0, 10)]],
]

/** @returns what of the secrets is in an output: those 8-byte parts that say something */
export function leaked(output: string, secrets: readonly Buffer[]): readonly string[] {
  const parts = secrets
    .flatMap((bytes) =>
      Array.from({ length: Math.floor(bytes.length / 8) }, (_, at) => bytes.subarray(8 * at, 8 * at + 8)),
    )
    .filter((bytes) => bytes.filter((byte) => byte !== 0).length >= 6)
  const found = new Set<string>()
  for (const [characters, of] of FORMS) {
    const forms = new Set(parts.flatMap(of))
    for (let at = 0; at + characters <= output.length; at++) {
      const window = output.slice(at, at + characters)
      if (forms.has(window)) found.add(window)
    }
  }
  const integers = new Set(parts.flatMap((bytes) => [bytes.readInt32LE(0), bytes.readInt32LE(4)].map(Math.abs)))
  for (const [digits] of output.matchAll(/\d{8,}/g)) if (integers.has(Number(digits))) found.add(digits)
  return [...found]
}

const asWords = (text: string) =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
const MOST_WORDS = 6

/** @param values of traits @returns those that are in an output, as whole words */
export function valuesIn(output: string, values: Iterable<string>): readonly string[] {
  const words = asWords(output)
  const phrases = new Set(
    words.flatMap((_, at) => Array.from({ length: MOST_WORDS }, (_one, n) => words.slice(at, at + n + 1).join(' '))),
  )
  return [...new Set(values)].filter((value) => value.length > 3 && phrases.has(asWords(value).join(' ')))
}
