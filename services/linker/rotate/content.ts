/** What an index says, whatever its keys are: two of them with equal contents have the same records, links, persons, decisions and marks. */
import { createHash, type Hash } from 'node:crypto'
import type { Field, Layout } from '#core/linkage/layout.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { type Codec, readHead, tokensOf } from '../index/codec.ts'
import type { IndexKeys } from '../index/keys.ts'
import { packUntold } from '../index/stored-bytes.ts'
import type { StoredIndex } from '../index/stored-index.ts'
import type { Writes } from '../index/writes.ts'
import { openDecision } from '../link/decision-seal.ts'
import { type Counted, openFrequencies } from '../link/sealed-frequencies.ts'
import { digestOf } from '../snapshot/snapshot-form.ts'
import { pieceOf, RECORDS_AT_ONCE, restOf } from '../snapshot/take-snapshot.ts'

export interface IndexContent {
  /** Cancelled ones included. */
  readonly records: number
  readonly cancelled: number
  readonly tokens: number
  readonly edges: number
  readonly decisions: number
  /** SHA-256 of the first record of each record's person, as snapshots have it (docs/adr/0060). */
  readonly persons: string
  /** SHA-256 of what each record is, opened: id, version, label, pair, which others are of its producer, and of each filter how many bits it has and how frequent its value is. */
  readonly opened: string
  /** SHA-256 of edges and their weights. */
  readonly links: string
  /** SHA-256 of decisions, marks, positions, what is to be told, and how frequent values are that are not listed. */
  readonly rest: string
}

export interface Readable {
  readonly stored: Pick<
    StoredIndex,
    'size' | 'records' | 'links' | 'outbox' | 'marks' | 'decisions' | 'frequencies' | 'positions'
  >
  readonly keys: Pick<IndexKeys, 'open'>
  readonly codec: Codec
  readonly layout: Layout
}

const WORDS_A_TOKEN = 2

/**
 * @param onProgress records that are read, of how many
 * @throws ChainonError link-index-behind when one is missing, seal-broken when one was changed
 */
export async function contentOf(
  { stored, keys, codec, layout }: Readable,
  onProgress: (records: number, of: number) => void = () => undefined,
): Promise<IndexContent> {
  const size = await stored.size()
  const persons = Int32Array.from({ length: size }, (_, number) => number)
  const counts = { cancelled: 0, tokens: 0, edges: 0 }
  // By the first record of each: their hashes are under the key.
  const producers = new Map<number, number>()
  const counted = openFrequencies(keys, await stored.frequencies())
  const shares = layout.fields.map(({ trait }) => new Map(counted.frequencies[trait]?.frequent))
  const one = filterStore(layout)
  one.add({ filters: new Int32Array(layout.words), newborn: false })
  const [opened, links] = [createHash('sha256'), createHash('sha256')]

  function addRecord(bytes: Buffer): void {
    const { bytes: headBytes, isCancelled, ...head } = readHead(bytes)
    const tokens = tokensOf(bytes).length / WORDS_A_TOKEN
    const { id, label, pair, newborn, filters } = codec.unpack(keys.open(bytes, headBytes))
    const filled = layout.fields.map((field) => bitsOf(filters, field))
    one.replace(0, { filters, newborn })
    const frequent = shares.map((own, at) => own.get(one.fingerprint(0, at)) ?? null)
    counts.tokens += tokens
    counts.cancelled += isCancelled ? 1 : 0
    const producer = head.producer === 0 ? 0 : (producers.get(head.producer) ?? producers.size + 1)
    if (producer > 0) producers.set(head.producer, producer)
    addLine(opened, [
      id,
      label ?? null,
      pair ?? null,
      newborn,
      isCancelled,
      { ...head, producer },
      tokens,
      filled,
      frequent,
    ])
  }

  for (let from = 0; from < size; from += RECORDS_AT_ONCE) {
    const to = Math.min(size, from + RECORDS_AT_ONCE)
    const piece = await pieceOf(stored, size, from, to)
    for (let number = from; number < to; number++) {
      addRecord(piece.records.get(number) as Buffer)
      persons[number] = piece.persons.get(number) ?? number
      const edges = piece.edges.get(number)
      if (!edges) continue
      counts.edges += edges.size
      addLine(links, [number, ...[...edges].toSorted(([a], [b]) => a - b)])
    }
    onProgress(to, size)
  }
  const rest = await restOf(stored)
  return {
    records: size,
    ...counts,
    decisions: rest.decisions.size,
    persons: digestOf(persons),
    opened: opened.digest('hex'),
    links: links.digest('hex'),
    rest: digestOfRest(rest, keys, counted),
  }
}

function digestOfRest(rest: Writes, keys: Pick<IndexKeys, 'open'>, { records, frequencies }: Counted): string {
  const digest = createHash('sha256')
  const decided = Array.from(rest.decisions.values(), (sealed) => JSON.stringify(openDecision(keys, sealed)))
  const untold = Array.from(rest.untold, ([number, one]) => [number, one && packUntold(one).toString('hex')] as const)
  addLine(digest, decided.toSorted())
  addLine(digest, [records, ...Object.entries(frequencies).map(([trait, { chance, rare }]) => [trait, chance, rare])])
  addLine(
    digest,
    untold.toSorted(([a], [b]) => a - b),
  )
  for (const marks of [rest.limited, rest.split]) addLine(digest, marks.get(0)?.toString('hex') ?? '')
  const positions = Array.from(rest.positions, ([partition, next]) => `${partition} ${next}`)
  addLine(digest, [positions.toSorted(), rest.linkVersion ?? 0])
  return digest.digest('hex')
}

/** JSON has the shortest digits that give a weight back to its last bit. */
function addLine(digest: Hash, value: unknown): void {
  digest.update(`${JSON.stringify(value)}\n`)
}

function bitsOf(filters: Int32Array, { offset, words }: Field): number {
  let bits = 0
  for (let word = offset; word < offset + words; word++)
    for (let left = filters[word] as number; left !== 0; left &= left - 1) bits++
  return bits
}
