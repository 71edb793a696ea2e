/**
 * Links records one at a time on the index in Redis, as link/linker.ts does in memory: the same candidates, weights, and persons. A batch is sent in one
 * pipeline; what follows from it (weights, edges, persons) is done in the order of arrival. The next batch may be sent meanwhile: an edge counts only for
 * the versions that were compared, so what a later record replaces is not written over.
 */
import type { EncodedRecord } from '#core/linkage/encode.ts'
import type { RecordStore } from '#core/linkage/record-store.ts'
import { type Codec, packCancelled, packHead, readHead } from '../index/codec.ts'
import type { IndexKeys } from '../index/keys.ts'
import {
  LARGE,
  type LinkIndex,
  type NewEdge,
  type PutReply,
  type StoredComponent,
  type StoredRecord,
} from '../index/link-index.ts'
import { LINK, MOST_RECORDS, personsOfComponent, STEP } from './component.ts'
import type { LinkerCounts, LinkerOptions } from './linker.ts'

export interface Arrival {
  readonly id: string
  readonly version: number
  readonly source: number
  readonly encoded: EncodedRecord
}

export interface IndexLinkerOptions extends Pick<LinkerOptions, 'onePerSource' | 'onPair' | 'weight'> {
  readonly index: LinkIndex
  readonly keys: IndexKeys
  readonly codec: Codec
  readonly budget: number
  /** Opened records, which `weight` compares by their number in it. */
  readonly store: RecordStore
}

export interface IndexLinker {
  /**
   * Links a batch; the persons are written when it resolves. At most one more may be given before.
   * @returns number and state of each record
   */
  link(batch: readonly Arrival[]): Promise<readonly Pick<PutReply, 'number' | 'state'>[]>
  /** @param version above that of the record that is cancelled */
  cancel(id: string, version: number): Promise<'cancelled' | 'same' | 'stale'>
  /** Makes persons again that were not finished when the process ended. @returns how many records were marked */
  recover(): Promise<number>
  /** Makes the persons again from all edges. @returns records whose person was another one before: 0 where no limit was met */
  reconcile(onPair: LinkerOptions['onPair']): Promise<number>
  readonly counts: LinkerCounts
}

/** Opened records are kept until there are so many: one costs 0.3 KB in memory, and opening it costs more than all else that is done with it. */
const MOST_OPENED = 65_536
const COMPONENTS_AT_ONCE = 100

interface Opened {
  readonly slot: number
  readonly version: number
  readonly id: string
  readonly source: number
}

interface Scored {
  readonly number: number
  readonly version: number
  readonly edges: readonly NewEdge[]
}

export function indexLinker(options: IndexLinkerOptions): IndexLinker {
  const { index, keys, codec, store, onePerSource } = options
  const counts: LinkerCounts = { compared: 0, edges: 0, hubs: 0, overBudget: 0, split: 0 }
  const opened = new Map<number, Opened>()
  let last: Promise<unknown> = Promise.resolve()

  function keep(
    number: number,
    version: number,
    source: number,
    id: string,
    encoded: Pick<EncodedRecord, 'filters' | 'newborn'>,
  ): Opened {
    const one = { slot: store.add(encoded), version, id, source }
    opened.set(number, one)
    return one
  }

  function open({ number, stored }: StoredRecord): Opened {
    const head = readHead(stored)
    const known = opened.get(number)
    if (known?.version === head.version) return known
    const record = codec.unpack(keys.open(stored, head.bytes))
    return keep(number, head.version, head.source, record.id, record)
  }

  /** A pair has one order, that of the numbers: so its weight is the same to the last bit, whichever record came again. */
  function weigh(a: number, one: Opened, b: number, two: Opened): number {
    return a < b ? options.weight(one.slot, two.slot) : options.weight(two.slot, one.slot)
  }

  function score(
    { id, version, source, encoded }: Arrival,
    { number, candidates, hubs, overBudget }: PutReply,
  ): Scored {
    const own = keep(number, version, source, id, encoded)
    counts.hubs += hubs
    if (overBudget) counts.overBudget++
    const edges: NewEdge[] = []
    for (const candidate of candidates) {
      const other = open(candidate)
      const weight = weigh(number, own, candidate.number, other)
      counts.compared++
      options.onPair(candidate.number, number, weight)
      if (weight > LINK) edges.push({ other: candidate.number, weight, version: other.version })
    }
    counts.edges += edges.length
    return { number, version, edges }
  }

  /** The component of a record, split at rising weights until it is small enough. */
  async function bounded(
    number: number,
    found: StoredComponent | typeof LARGE,
  ): Promise<readonly [StoredComponent, above: number]> {
    let above = LINK
    if (found === LARGE) counts.split++
    for (let one = found; ; [one = LARGE] = await index.components([number], above, MOST_RECORDS)) {
      if (one !== LARGE) return [one, above]
      above += STEP
    }
  }

  function group(
    { members, edges, records }: StoredComponent,
    above: number,
    onWeight?: LinkerOptions['onPair'],
  ): Map<number, number> {
    // An edge above 0 makes two records one person: the average is that edge. Their ids decide nothing.
    const [a = 0, b] = members
    if (members.length < 3) return new Map(members.map((member) => [member, Math.min(a, b ?? a)]))
    const own = new Map(records.map((record) => [record.number, open(record)]))
    const get = (member: number) => own.get(member) as Opened
    return personsOfComponent(
      { members, above, edgesOf: (member) => edges.get(member) },
      {
        idOf: (member) => get(member).id,
        weight(one, two) {
          const weight = weigh(one, get(one), two, get(two))
          onWeight?.(one, two, weight)
          return weight
        },
        ...(onePerSource && { apart: (one: number, two: number) => get(one).source === get(two).source }),
      },
    )
  }

  async function groupAll(
    numbers: readonly number[],
    found: readonly (StoredComponent | typeof LARGE)[],
    onWeight?: LinkerOptions['onPair'],
  ): Promise<Map<number, number>[]> {
    const made: Map<number, number>[] = []
    for (const [at, one] of found.entries()) made.push(group(...(await bounded(numbers[at] as number, one)), onWeight))
    return made
  }

  async function recover(): Promise<number> {
    const marked = await index.marked()
    if (marked.size === 0) return 0
    const numbers = [...marked.keys()]
    await index.writePersons(await groupAll(numbers, await index.components(numbers, LINK, MOST_RECORDS)), marked)
    return marked.size
  }

  async function finish(batch: readonly Arrival[], replies: readonly PutReply[]): Promise<void> {
    if (store.size > MOST_OPENED) {
      store.clear()
      opened.clear()
    }
    const scored = batch.flatMap((arrival, at) => {
      const reply = replies[at] as PutReply
      return reply.state === 'stale' ? [] : [score(arrival, reply)]
    })
    const linked = scored.filter(({ edges }) => edges.length > 0)
    const found = await index.connect(linked, MOST_RECORDS)
    const there = linked.flatMap(({ number }, at) => {
      const component = found[at]
      return component ? [{ number, component }] : []
    })
    await index.writePersons(
      await groupAll(
        there.map(({ number }) => number),
        there.map(({ component }) => component),
      ),
    )
    if (replies.some(({ state }) => state === 'replaced')) await recover()
  }

  /** One after the other: what follows from a batch needs the edges of the one before. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }

  return {
    counts,
    async link(batch) {
      const put = index.put(
        batch.map(({ id, version, source, encoded }) => {
          // Without the assumption, candidates are of all sources.
          const part = onePerSource ? source : 0
          const head = packHead(version, part, keys.tokens(encoded.tokens))
          const record = keys.seal(head, codec.pack({ id, filters: encoded.filters, newborn: encoded.newborn }))
          return { id: keys.id(id), record, candidatesOf: onePerSource ? 1 - part : part }
        }),
        options.budget,
      )
      // Its failure is that of the batch, which waits for the one before.
      put.catch(() => undefined)
      return inTurn(async () => {
        const replies = await put
        await finish(batch, replies)
        return replies
      })
    },
    cancel: (id, version) =>
      inTurn(async () => {
        const state = await index.cancel(keys.id(id), packCancelled(version))
        await recover()
        return state
      }),
    recover: () => inTurn(recover),
    reconcile: (onPair) =>
      inTurn(async () => {
        const before = await index.persons()
        const done = new Set<number>()
        const connected = await index.connected()
        for (let from = 0; from < connected.length; from += COMPONENTS_AT_ONCE) {
          const numbers = connected.slice(from, from + COMPONENTS_AT_ONCE)
          const found = await index.components(numbers, LINK, MOST_RECORDS)
          const made: Map<number, number>[] = []
          for (const [at, number] of numbers.entries()) {
            if (done.has(number)) continue
            const [component, above] = await bounded(number, found[at] as StoredComponent)
            for (const member of component.members) done.add(member)
            made.push(group(component, above, onPair))
          }
          await index.writePersons(made)
        }
        const after = await index.persons()
        return after.reduce((changed, person, number) => changed + (person === before[number] ? 0 : 1), 0)
      }),
  }
}
